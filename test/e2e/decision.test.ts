import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { Push } from '../support/push.ts';

function withoutAction(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !('actions' in value)) return value;
  const { actions } = value as { actions: { name: string }[] };
  return { ...value, actions: actions.filter((action) => action.name !== name) };
}

describe('a decision task', () => {
  it('creates the wanted tasks behind itself, and writes everything that later tasks look for', async () => {
    await using push = await Push.open();
    const decided = await push.decide();
    expect(decided).toMatchObject({ status: 0, stdout: '' });

    const ids = push.artifact('label-to-taskid.json') as Record<string, string>;
    expect(Object.keys(ids)).toEqual(['build-one', 'docker-image-box', 'test-one']);
    const created = await push.queue.task(ids['build-one']!);
    expect(created).toMatchObject({
      dependencies: [push.decisionTaskId],
      taskGroupId: push.decisionTaskId,
      schedulerId: 'test-level-1',
      taskQueueId: 'local/linux',
    });
    expect((await push.queue.task(ids['test-one']!)).dependencies).toEqual([ids['build-one']]);

    expect(push.artifact('target-tasks.json')).toEqual(['build-one', 'test-one']);
    expect(Object.keys(push.artifact('full-task-graph.json') as object)).toEqual(Object.keys(ids));
    expect(Object.keys(push.artifact('task-graph.json') as object).sort()).toEqual(Object.values(ids).sort());
    expect(push.artifact('runnable-jobs.json')).toEqual({
      'docker-image-box': {
        collection: { opt: true },
        groupName: 'Images',
        groupSymbol: 'I',
        platform: 'taskcluster-images',
        symbol: 'box',
      },
    });
    expect(push.artifact('parameters.yml')).toContain('project: project\n');
    const { actions } = push.artifact('actions.json') as { actions: { name: string; hookId: string }[] };
    expect(actions.map(({ name }) => name)).toContain('purge-caches');
    expect(actions[0]!.hookId).toMatch(/^in-tree-action-1-[a-z-]+\/[0-9a-f]{10}$/);
    const program = readFileSync(join(push.repository.top, 'artifacts/run-task'));
    expect(program.equals(readFileSync(join(import.meta.dirname, '../../dist/run-task.mjs')))).toBe(true);
  });

  it('writes what taskgraph 24.2 writes for the same push, and one action more', async () => {
    await using push = await Push.open();
    await push.decide('--dry-run', '--pushdate=1700000000', `--base-rev=${'0'.repeat(40)}`);
    const head = push.repository.git('rev-parse', 'HEAD');
    for (const name of ['parameters.yml', 'actions.json', 'target-tasks.json', 'runnable-jobs.json']) {
      const written = readFileSync(join(push.repository.top, 'artifacts', name), 'utf8');
      const ours = load(written.replaceAll(head, 'HEAD').replaceAll(push.decisionTaskId, 'DECISION'));
      const golden = readFileSync(join(import.meta.dirname, '../golden/decision', name), 'utf8');
      expect(withoutAction(ours, 'purge-caches')).toEqual(load(golden));
    }
  });

  it('writes the context of every image, the same bytes every time', async () => {
    await using push = await Push.open();
    const context = async (): Promise<Buffer> => {
      await push.decide('--dry-run');
      return readFileSync(join(push.repository.top, 'docker-contexts/box.tar.gz'));
    };
    const first = await context();
    expect((await context()).equals(first)).toBe(true);
    const folder = mkdtempSync(join(tmpdir(), 'caisson-context-'));
    spawnSync('tar', ['-xzf', '-', '-C', folder], { input: first });
    expect(readdirSync(folder)).toEqual(['Dockerfile']);
    expect(readFileSync(join(folder, 'Dockerfile'), 'utf8')).toBe('FROM debian\n');
    rmSync(folder, { recursive: true });
  });

  it('prints the tasks, and asks nobody, in a dry run', async () => {
    await using push = await Push.open();
    const decided = await push.decide('--dry-run');
    expect(decided.status).toBe(0);
    expect(decided.stdout).toContain('"taskQueueId": "local/linux"');
    expect(await push.queue.listTaskGroup(push.decisionTaskId)).toHaveLength(1);
    expect(push.deployment.asked.filter((line) => !line.includes('/tasks/'))).toEqual([]);
  });

  it('takes parameters from try_task_config.json only when it may', async () => {
    await using push = await Push.open({
      'try_task_config.json': '{"version": 2, "parameters": {"target_tasks_method": "nothing"}}',
    });
    await push.decide('--dry-run');
    expect(push.artifact('target-tasks.json')).toEqual(['build-one', 'test-one']);
    const decided = await push.decide('--dry-run', '--allow-parameter-override');
    expect(decided.stderr).toContain('target_tasks_method');
    expect(push.artifact('target-tasks.json')).toEqual([]);
  });

  it("takes parameters and actions from the repository's own code", async () => {
    await using push = await Push.open({
      'taskcluster/own.ts': `export const parameters = (_, params) => ({ ...params, target_tasks_method: 'nothing' });
export const register = (registry) =>
  registry.action({ name: 'greet', title: 'Greet', symbol: 'g', description: 'says so', callback() {} });
`,
    });
    const config = join(push.repository.top, 'taskcluster/config.yml');
    appendFileSync(config, '  register: own:register\n  decision-parameters: own:parameters\n');
    expect(await push.decide('--dry-run', '--target-tasks-method=default')).toMatchObject({ status: 0 });
    expect(push.artifact('parameters.yml')).toContain('target_tasks_method: nothing\n');
    const { actions } = push.artifact('actions.json') as { actions: { name: string }[] };
    expect(actions.at(-1)).toMatchObject({ name: 'greet' });
  });

  it('tells each task that the queue refuses, and ends with exit code 69', async () => {
    await using push = await Push.open();
    const decided = await push.decide('--level=3');
    expect(decided.status).toBe(69);
    expect(decided.stderr).toMatch(/could not create "build-one" \(\S+\): .*409 .*scheduler test-level-1/);
    expect(decided.stderr).toContain('not tried, because they depend on these: 1 tasks');
  });

  it('says what is missing', async () => {
    await using push = await Push.open();
    expect(await push.caisson(['decision', '--project=p'])).toMatchObject({ status: 64 });
    const nowhere = await push.decide('--pushdate=soon');
    expect(nowhere).toMatchObject({ status: 64 });
    expect(nowhere.stderr).toContain('It must be a whole number');
    rmSync(join(push.repository.top, '.taskcluster.yml'));
    const hookless = await push.decide('--dry-run');
    expect(hookless).toMatchObject({ status: 65 });
    expect(hookless.stderr).toContain('.taskcluster.yml is not there');
  });
});

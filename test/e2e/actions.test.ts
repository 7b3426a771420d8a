import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { slugid } from '../../src/base/slugid.ts';
import { Push } from '../support/push.ts';

const scopes = (permission: string): string[] => [`assume:repo:github.com/org/repo:action:${permission}`];

/** A push whose decision task is done; its tasks by label. */
async function decided(permission = 'generic'): Promise<{ push: Push; ids: Record<string, string> }> {
  const push = await Push.open();
  const { status, stderr } = await push.decide();
  if (status !== 0) throw new Error(stderr);
  await push.publish();
  push.deployment.scopes = scopes(permission);
  return { push, ids: push.artifact('label-to-taskid.json') as Record<string, string> };
}

const names = async (push: Push): Promise<string[]> => {
  const group = await push.queue.listTaskGroup(push.decisionTaskId);
  const tasks = await Promise.all(group.map(({ taskId }) => push.queue.task(taskId)));
  return tasks.map(({ metadata }) => metadata.name).sort();
};

describe('actions', () => {
  it('add-new-jobs creates tasks that need what is there, behind the action task, and records them', async () => {
    const { push, ids } = await decided();
    await using _ = push;
    const before = await names(push);
    const acted = await push.act('add-new-jobs', { input: { tasks: ['test-one'], times: 2 } });
    expect(acted).toMatchObject({ status: 0 });
    expect((await names(push)).filter((name) => name === 'test-one')).toHaveLength(3);
    expect(await names(push)).toHaveLength(before.length + 3);

    expect(push.artifact('to-run.json')).toEqual(['test-one']);
    const graph = push.artifact('task-graph.json') as Record<string, { task: unknown }>;
    expect(Object.keys(graph)).toHaveLength(2);
    const labels = push.artifact('label-to-taskid.json') as Record<string, string>;
    expect(labels['build-one']).toBe(ids['build-one']);
    const created = await push.queue.task(labels['test-one']!);
    expect(new Set(created.dependencies)).toEqual(
      new Set([ids['build-one'], acted.ownTaskId, push.decisionTaskId]),
    );
    expect(created.extra['parent']).toBe(acted.ownTaskId);
    expect(created.taskGroupId).toBe(push.decisionTaskId);
  });

  it("an action of one's own decides anew with other parameters, as a group of its own task", async () => {
    await using push = await Push.open({
      'taskcluster/own.ts': `export const register = (registry) => registry.action({
  name: 'ship', title: 'Ship', symbol: 'ship', description: 'ships', schema: { type: 'object' },
  callback: ({ params, input, decide }) => decide({ ...params, ...input }),
});
`,
    });
    appendFileSync(join(push.repository.top, 'taskcluster/config.yml'), '  register: own:register\n');
    expect(await push.decide()).toMatchObject({ status: 0 });
    await push.publish();
    push.deployment.scopes = scopes('generic');
    const input = { target_tasks_method: 'nothing', owner: 'shipper@example.com' };
    const acted = await push.act('ship', { input });
    expect(acted.stderr).toContain('caisson: 1 tasks created');
    expect(acted.status).toBe(0);
    expect(push.artifact('parameters.yml')).toMatch(/owner: shipper@example\.com/);
    expect(push.artifact('target-tasks.json')).toEqual([]);
    const [image] = Object.values(push.artifact('label-to-taskid.json') as Record<string, string>);
    const made = await push.queue.task(image!);
    expect(made).toMatchObject({ taskGroupId: acted.ownTaskId });

    const refused = await push.act('ship', { input: { owner: 7 } });
    expect(refused).toMatchObject({ status: 65 });
    expect(refused.stderr).toContain('"owner" must be a text');
  });

  it('retrigger makes a task anew, with what depends on it when that is wanted', async () => {
    const { push, ids } = await decided();
    await using _ = push;
    const before = (await names(push)).length;
    const input = { downstream: true };
    expect(await push.act('retrigger', { taskId: ids['build-one']!, input })).toMatchObject({ status: 0 });
    expect(push.artifact('to-run.json')).toEqual(['build-one', 'test-one']);
    const labels = push.artifact('label-to-taskid.json') as Record<string, string>;
    expect((await push.queue.task(labels['test-one']!)).dependencies).toContain(labels['build-one']);
    expect(await names(push)).toHaveLength(before + 3);

    const refused = await push.act('retrigger', { taskId: ids['test-one']! });
    expect(refused).toMatchObject({ status: 64 });
    expect(refused.stderr).toContain('"test-one" is not to be made anew');
    const forced = await push.act('retrigger-disabled', { taskId: ids['test-one']!, input: { force: true } });
    expect(forced).toMatchObject({ status: 0 });
  });

  it('retrigger-decision makes any task anew, its times counted from now', async () => {
    const { push } = await decided('retrigger-decision');
    await using _ = push;
    const taskId = slugid();
    const created = new Date(Date.now() - 60_000).toISOString();
    await push.createTask(taskId, {
      created,
      metadata: { ...(await push.queue.task(push.decisionTaskId)).metadata, name: 'hook' },
    });
    expect(await push.act('retrigger-decision', { taskId })).toMatchObject({ status: 0 });
    const group = await push.queue.listTaskGroup(push.decisionTaskId);
    const copies = await Promise.all(group.map((status) => push.queue.task(status.taskId)));
    const [, copy] = copies.filter(({ metadata }) => metadata.name === 'hook');
    const age = Date.now() - Date.parse(copy!.created);
    expect(age).toBeLessThan(50_000);
  });

  it('rerun runs what failed again, and nothing else', async () => {
    const { push, ids } = await decided();
    await using _ = push;
    const taskId = ids['build-one']!;
    expect((await push.act('rerun', { taskId })).stderr).toContain('need not run again, it is pending');
    await push.queue.cancelTask(taskId);
    expect(await push.act('rerun', { taskId })).toMatchObject({ status: 0 });
    expect((await push.queue.status(taskId)).runs).toHaveLength(2);
    expect(await push.act('rerun', { taskId: push.decisionTaskId })).toMatchObject({ status: 64 });
  });

  it('cancel and cancel-all end tasks, but not the action task', async () => {
    const { push, ids } = await decided();
    await using _ = push;
    await push.act('cancel', { taskId: ids['build-one']! });
    expect((await push.queue.status(ids['build-one']!)).state).toBe('exception');
    const { ownTaskId } = await push.act('cancel-all');
    const group = await push.queue.listTaskGroup(push.decisionTaskId);
    const open = group.filter(({ state }) => !['completed', 'exception'].includes(state));
    expect(open.map(({ taskId }) => taskId)).toEqual([ownTaskId]);
  });

  it('purge-caches asks for every cache of the task to be dropped', async () => {
    const { push, ids } = await decided();
    await using _ = push;
    const acted = await push.act('purge-caches', { taskId: ids['build-one']! });
    expect(acted).toMatchObject({ status: 0 });
    const { requests } = await push.queue.purgeRequests('local/linux', 0);
    const payload = (await push.queue.task(ids['build-one']!)).payload as { cache: object };
    expect(requests.map(({ cacheName }) => cacheName)).toEqual(Object.keys(payload.cache));
    expect(acted.stderr).toMatch(/purging test-level-1-shared-v1-[0-9a-f]{20} of local\/linux/);
  });

  it('need the scope of their own permission', async () => {
    const { push } = await decided();
    await using _ = push;
    const acted = await push.act('rebuild-cached-tasks');
    expect(acted).toMatchObject({ status: 69 });
    expect(acted.stderr).toContain('assume:repo:github.com/org/repo:action:rebuild-cached-tasks');
    push.deployment.scopes = scopes('rebuild-cached-tasks');
    expect(await push.act('rebuild-cached-tasks')).toMatchObject({ status: 0 });
    expect(push.artifact('to-run.json')).toEqual(['docker-image-box']);
  });

  it('can be tried without changing anything', async () => {
    const { push, ids } = await decided();
    await using _ = push;
    push.deployment.scopes = [];
    push.repository.write({ 'input.yml': 'tasks: [test-one]\n' });
    const before = await names(push);
    const task = ['-p', 'artifacts/parameters.yml', '--task-group-id', push.decisionTaskId];
    const tried = await push.caisson([
      'test-action-callback',
      ...task,
      '--input',
      'input.yml',
      'add-new-jobs',
    ]);
    expect(tried).toMatchObject({ status: 0 });
    const [, definition] = JSON.parse(tried.stdout) as [string, { dependencies: string[] }];
    expect(definition.dependencies).toContain(ids['build-one']);
    const cancelled = await push.caisson([
      'test-action-callback',
      ...task,
      '--task-id',
      ids['build-one']!,
      'cancel',
    ]);
    expect(cancelled.stderr).toContain(`would cancel ${ids['build-one']}`);
    expect(await names(push)).toEqual(before);
  });

  it('tell what is wrong with a call', async () => {
    const { push } = await decided();
    await using _ = push;
    const wrong = async (callback: string, input: unknown): Promise<string> => {
      const acted = await push.act(callback, { input });
      expect(acted.status).toBe(64);
      return acted.stderr;
    };
    expect(await wrong('add-new-job', null)).toContain('did you mean "add-new-jobs"');
    expect(await wrong('add-new-jobs', { times: 0 })).toContain('/times must be >= 1');
    expect(await wrong('add-new-jobs', { tasks: ['test-on'] })).toContain('did you mean "test-one"');
    expect(await wrong('cancel', null)).toContain('cancel needs the task');
    expect(await push.caisson(['action-callback'])).toMatchObject({ status: 64 });
    const json = { ACTION_TASK_GROUP_ID: push.decisionTaskId, ACTION_CALLBACK: 'cancel', ACTION_INPUT: '{' };
    expect((await push.caisson(['action-callback'], json)).stderr).toContain(
      'ACTION_INPUT is not well formed',
    );
  });

  it('are listed for the repository', async () => {
    const { push } = await decided();
    await using _ = push;
    const { stdout } = await push.caisson(['actions', '-p', 'artifacts/parameters.yml']);
    const listed = JSON.parse(stdout.replaceAll('DECISION-TASK', push.decisionTaskId)) as object;
    expect(listed).toEqual(push.artifact('actions.json'));
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sandboxed } from '../support/caisson.ts';
import { WorkerRig } from './rig.ts';

const name = 'test-level-1-shared-v1-00000000000000000000';
const cache = { [name]: '/builds/worker/shared' };
const sh = (script: string): string[] => ['sh', '-c', script];

describe.skipIf(!sandboxed)('a run in the worker (needs root and crun)', () => {
  it('S9: caches need a scope of their own; without it the payload is malformed', async () => {
    await using rig = await WorkerRig.open();
    const taskId = await rig.create({ cache, command: sh('true') }, { scopes: [] });
    await rig.work();
    expect((await rig.status(taskId)).runs[0]).toMatchObject({
      state: 'exception',
      reasonResolved: 'malformed-payload',
    });
    expect(rig.log.join('\n')).toContain(`the scope docker-worker:cache:${name} is missing`);
  });

  it('commits what a task wrote, stores artifacts and the log, and leaves no scratch', async () => {
    await using rig = await WorkerRig.open();
    const artifacts = {
      'public/a.txt': { type: 'file', path: '/builds/worker/out/a.txt' },
      'public/all': { type: 'directory', path: '/builds/worker/out' },
    };
    const script =
      'mkdir out; echo hello > out/a.txt; ln -s /etc/passwd out/link; ls shared; echo x >> shared/x';
    const first = await rig.create({ cache, artifacts, command: sh(script) });
    await rig.work();
    expect((await rig.status(first)).state).toBe('completed');
    const names = (await rig.queue.listArtifacts(first)).map((artifact) => artifact.name).sort();
    expect(names).toEqual(['public/a.txt', 'public/all/a.txt', 'public/logs/live.log']);
    expect(readFileSync(fileURLToPath(await rig.queue.artifactUrl(first, 'public/a.txt')), 'utf8')).toBe(
      'hello\n',
    );
    await rig.create({ cache, command: sh('cat shared/x') });
    await rig.work();
    expect(rig.uses).toEqual(['never seen', 'generation 1']);
    expect(
      readdirSync(join(rig.home, 'scratch'), { recursive: true }).filter((path) =>
        String(path).includes('/'),
      ),
    ).toEqual([]);
  });

  it('never takes an artifact through a link that the task planted', async () => {
    await using rig = await WorkerRig.open();
    const artifacts = {
      'public/file': { type: 'file', path: '/builds/worker/link' },
      'public/deep': { type: 'file', path: '/builds/worker/folder/passwd' },
      'public/fifo': { type: 'file', path: '/builds/worker/fifo' },
    };
    const taskId = await rig.create({
      artifacts,
      command: sh('ln -s /etc/passwd link; ln -s /etc folder; mkfifo fifo'),
    });
    await rig.work();
    expect((await rig.status(taskId)).state).toBe('failed');
    for (const artifact of Object.keys(artifacts))
      await expect(rig.queue.artifactUrl(taskId, artifact)).rejects.toThrow('on-worker');
  });

  it('S12: two tasks at once with one cache name get an instance each', { timeout: 30_000 }, async () => {
    await using rig = await WorkerRig.open();
    for (const own of ['one', 'two']) {
      await rig.create({ cache, command: sh(`touch shared/${own}; sleep 0.7; [ "$(ls shared)" = ${own} ]`) });
    }
    await rig.work(2);
    const { completed } = await rig.queue.countTasks(rig.taskGroupId);
    expect(completed).toBe(2);
    expect((await rig.store.list())[0]!.instances.map(({ state }) => state)).toEqual(['idle', 'idle']);
  });

  it('S15: exit 72 purges the caches and the task is tried again; what happened is seen', async () => {
    await using rig = await WorkerRig.open();
    const onExitStatus = { retry: [72], purgeCaches: [72] };
    const taskId = await rig.create({ cache, onExitStatus, command: sh('[ "$RUN_ID" = 2 ] || exit 72') });
    await rig.work();
    const status = await rig.status(taskId);
    expect(status.runs.map(({ reasonResolved }) => reasonResolved)).toEqual([
      'intermittent-task',
      'intermittent-task',
      'completed',
    ]);
    expect(rig.uses[1]).toMatch(/^purged by its task, exit code 72/);
  });

  it('kills a task that takes too long, with all its processes, and rolls its cache back', {
    timeout: 30_000,
  }, async () => {
    await using rig = await WorkerRig.open();
    const taskId = await rig.create({
      cache,
      maxRunTime: 1,
      command: sh('echo half > shared/half; setsid sleep 60 & sleep 60'),
    });
    await rig.work();
    expect((await rig.status(taskId)).state).toBe('failed');
    expect(await rig.store.list()).toEqual([]);
    await rig.create({ cache, command: sh('[ ! -e shared/half ]') });
    await rig.work();
    expect(rig.uses[1]).toMatch(/^rolled back: the task took longer/);
  });

  it('stops a cancelled task and resolves nothing for it', { timeout: 30_000 }, async () => {
    await using rig = await WorkerRig.open();
    const taskId = await rig.create({ cache, command: sh('echo ready; sleep 60') });
    const working = rig.work();
    await expect.poll(() => rig.log.includes('ready'), { timeout: 10_000 }).toBe(true);
    await rig.queue.cancelTask(taskId);
    await working;
    expect((await rig.status(taskId)).runs[0]).toMatchObject({
      state: 'exception',
      reasonResolved: 'canceled',
    });
    expect(await rig.store.list()).toEqual([]);
  });

  it('S8: a cache that another run-task fills is refused', async () => {
    await using rig = await WorkerRig.open();
    const record = {
      protocol: 1,
      wrapper: 'b'.repeat(64),
      platform: { implementation: 'docker-worker', os: 'linux' },
    };
    const extra = {
      caisson: { caches: { [name]: { shortName: 'shared', mountPoint: '/builds/worker/shared', record } } },
    };
    const taskId = await rig.create({ cache, command: sh('true') }, { extra });
    await rig.work();
    expect((await rig.status(taskId)).runs[0]).toMatchObject({ reasonResolved: 'malformed-payload' });
  });
});

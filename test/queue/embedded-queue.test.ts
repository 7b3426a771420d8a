import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../../src/base/failure.ts';
import { slugid } from '../../src/base/slugid.ts';
import { connect } from '../../src/queue/embedded/driver.ts';
import { openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { refused } from '../contract/queue-rig.ts';
import { hours, task, worker } from '../contract/queue-task.ts';
import { openQueue, temporaryHome } from './embedded-rig.ts';

describe('the home of the embedded queue', () => {
  it('is private and keeps what was written', async () => {
    const home = join(temporaryHome(), 'a', 'b');
    const first = await openEmbeddedQueue({ home, durable: true });
    const taskId = slugid();
    const status = await first.createTask(taskId, task(Date.now()));
    await first.close();
    expect(statSync(join(home, 'queue')).mode & 0o777).toBe(0o700);
    const second = await openQueue(home);
    expect(await second.status(taskId)).toEqual(status);
  });

  const opening = async (home: string): Promise<FailureError['failure']> => {
    const error = await openEmbeddedQueue({ home }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(FailureError);
    return (error as FailureError).failure;
  };

  it('is refused with path and hint when the database is damaged', async () => {
    const home = temporaryHome();
    mkdirSync(join(home, 'queue'));
    const path = join(home, 'queue', 'queue.db');
    writeFileSync(path, 'this is not a database, and long enough to be looked at. '.repeat(100));
    const failure = await opening(home);
    expect(failure).toMatchObject({ kind: 'unavailable' });
    expect(failure.message).toContain(path);
    expect(failure.hint).toContain('move');
  });

  it('is refused when it cannot be made', async () => {
    const home = temporaryHome();
    writeFileSync(join(home, 'file'), '');
    expect(await opening(join(home, 'file', 'home'))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(join(home, 'file')),
      hint: expect.stringContaining('CAISSON_HOME'),
    });
    mkdirSync(join(home, 'queue', 'queue.db'), { recursive: true });
    expect(await opening(home)).toMatchObject({ kind: 'unavailable', hint: expect.any(String) });
  });

  it('is refused when a newer version wrote it', async () => {
    const home = temporaryHome();
    await (await openEmbeddedQueue({ home })).close();
    const connection = await connect(join(home, 'queue', 'queue.db'));
    connection.exec('PRAGMA user_version = 999');
    connection.close();
    expect(await opening(home)).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('newer'),
    });
  });
});

describe('the embedded queue', () => {
  it('creates many tasks at once, or none', async () => {
    const queue = await openQueue(temporaryHome());
    const now = Date.now();
    const taskGroupId = slugid();
    const [a, b] = [slugid(), slugid()];
    const list = [
      { taskId: a, definition: task(now, { taskGroupId }) },
      { taskId: b, definition: task(now, { taskGroupId, dependencies: [a] }) },
    ];
    await refused(queue.createTasks([...list].reverse()), 'bad-request');
    await refused(queue.status(a), 'not-found');
    expect((await queue.createTasks(list)).map((status) => status.state)).toEqual(['pending', 'unscheduled']);
    expect(await queue.countTasks(taskGroupId)).toMatchObject({ pending: 1, unscheduled: 1, running: 0 });
    expect(await queue.pendingTasks(taskGroupId)).toBe(1);
    expect(await queue.pendingTasks(slugid())).toBe(0);
  });

  it('stops a task after 50 runs', async () => {
    const queue = await openQueue(temporaryHome());
    const taskId = slugid();
    await queue.createTask(taskId, task(Date.now(), { retries: 49 }));
    for (let runs = 1; runs < 50; runs++) {
      await queue.claimWork('test/worker', worker);
      await queue.reportFailed(taskId, runs - 1);
      const status = await queue.rerunTask(taskId);
      expect(status.retriesLeft).toBe(49 - runs);
    }
    await queue.claimWork('test/worker', worker);
    const status = await queue.reportException(taskId, 49, 'worker-shutdown');
    expect(status).toMatchObject({ state: 'exception', runs: { length: 50 } });
    await refused(queue.rerunTask(taskId), 'conflict');
  });

  it('gives a waiting worker what another process creates', async () => {
    const home = temporaryHome();
    const [here, there] = [await openQueue(home), await openQueue(home)];
    const waiting = here.claimWork('test/worker', { ...worker, waitMs: 20_000 });
    const taskId = slugid();
    await there.createTask(taskId, task(Date.now()));
    expect((await waiting)[0]!.status.taskId).toBe(taskId);
  });

  it('lets waiting workers go when it closes, and is unavailable then', async () => {
    const queue = await openQueue(temporaryHome());
    const waiting = queue.claimWork('test/worker', { ...worker, waitMs: 600_000 });
    await queue.close();
    expect(await waiting).toEqual([]);
    await refused(queue.claimWork('test/worker', worker), 'unavailable');
    await refused(queue.status(slugid()), 'unavailable');
  });

  it('answers a cursor of a database that was lost from the start', async () => {
    const queue = await openQueue(temporaryHome());
    await queue.purgeCache('test/worker', 'a');
    expect(await queue.purgeRequests('test/worker', 1_000)).toMatchObject({
      cursor: 1,
      requests: { length: 1 },
    });
  });

  it('completes a task whose routes or index data are nonsense', async () => {
    const queue = await openQueue(temporaryHome());
    const taskId = slugid();
    const extra = { index: { rank: 'high', data: 4, expires: 'soon' } };
    const routes = ['index.', `index.${'x'.repeat(300)}`, 'index.good'];
    await queue.createTask(taskId, task(Date.now(), { routes, extra }));
    await queue.claimWork('test/worker', worker);
    expect(await queue.reportCompleted(taskId, 0)).toMatchObject({ state: 'completed' });
    expect(await queue.findTask('good')).toEqual({ taskId, rank: 0 });
  });
});

describe('removal', () => {
  it('takes expired tasks with all that belongs to them, and files nobody announced', async () => {
    const home = temporaryHome();
    let now = Date.now();
    const queue = await openQueue(home, { now: () => now });
    const upload = async (expiresInHours: number) => {
      const taskId = slugid();
      const expires = new Date(now + expiresInHours * hours).toISOString();
      await queue.createTask(taskId, task(now, { expires, routes: [`index.${taskId}`] }));
      await queue.claimWork('test/worker', worker);
      const artifact = { storageType: 's3', contentType: 'text/plain', expires } as const;
      const { putUrl } = await queue.createArtifact(taskId, 0, 'public/a', artifact);
      writeFileSync(fileURLToPath(putUrl!), 'a');
      await queue.reportCompleted(taskId, 0);
      return { taskId, file: fileURLToPath(putUrl!) };
    };
    const gone = await upload(2);
    const kept = await upload(4);
    const stray = join(home, 'artifacts', slugid());
    mkdirSync(stray);
    const [oldUpload, newUpload] = ['old', 'new'].map((name) => join(dirname(kept.file), name));
    for (const file of [oldUpload!, newUpload!]) writeFileSync(file, '');
    utimesSync(oldUpload!, 0, 0);

    now += 3 * hours;
    await queue.removeExpired();
    await refused(queue.status(gone.taskId), 'not-found');
    expect(await queue.findTask(gone.taskId)).toBeNull();
    expect(await queue.findTask(kept.taskId)).not.toBeNull();
    expect(await queue.artifactUrl(kept.taskId, 'public/a')).toContain('file:');
    expect(existsSync(newUpload!)).toBe(true);
    expect(existsSync(oldUpload!)).toBe(false);
    expect(readdirSync(join(home, 'artifacts'))).toEqual([kept.taskId]);

    now += 2 * hours;
    await queue.removeExpired();
    expect(readdirSync(join(home, 'artifacts'))).toEqual([]);
  });

  it('takes an expired artifact of a task that stays', async () => {
    const home = temporaryHome();
    let now = Date.now();
    const queue = await openQueue(home, { now: () => now });
    const taskId = slugid();
    await queue.createTask(taskId, task(now, { expires: new Date(now + 9 * hours).toISOString() }));
    await queue.claimWork('test/worker', worker);
    const expires = new Date(now + hours).toISOString();
    const { putUrl } = await queue.createArtifact(taskId, 0, 'a', {
      storageType: 's3',
      contentType: 'a/b',
      expires,
    });
    writeFileSync(fileURLToPath(putUrl!), 'a');
    now += hours;
    await queue.removeExpired();
    expect(existsSync(fileURLToPath(putUrl!))).toBe(false);
    expect(await queue.status(taskId)).toBeDefined();
  });
});

describe('the statements that run on every poll', () => {
  it('use an index', async () => {
    const home = temporaryHome();
    await openQueue(home);
    const connection = await connect(join(home, 'queue', 'queue.db'));
    const plan = (sql: string): string =>
      JSON.stringify(connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all());
    const { lostRuns, overdueTasks } = await import('../../src/queue/embedded/expire.ts');
    const { pendingInGroup, pendingInQueue } = await import('../../src/queue/embedded/claim.ts');
    expect(plan(overdueTasks)).toContain('tasks_deadline');
    expect(plan(lostRuns)).toContain('runs_taken');
    expect(plan(`SELECT 1 ${pendingInQueue}`)).toContain('pending_queue');
    expect(plan(`SELECT 1 ${pendingInQueue}`)).not.toContain('TEMP B-TREE');
    expect(plan(`SELECT 1 ${pendingInGroup}`)).toContain('pending_group');
    connection.close();
  });
});

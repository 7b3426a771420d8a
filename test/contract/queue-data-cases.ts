import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import type { QueueRig } from './queue-rig.ts';
import { hours, minutes } from './queue-task.ts';

/** What a queue keeps beside tasks: artifacts, the index, purge requests. */
export function dataCases(rig: QueueRig): void {
  const { create, claim, run, refused } = rig;

  describe('artifacts', () => {
    const expires = (): string => new Date(rig.now() + hours).toISOString();
    const announce = (taskId: string, runId: number, name: string, contentType = 'text/plain') =>
      rig.queue.createArtifact(taskId, runId, name, { storageType: 's3', contentType, expires: expires() });

    it('are put, listed and found', async () => {
      const taskId = await create();
      const { runId } = await claim();
      const names = [
        'public/build/ü & b.txt',
        '../../../../etc/passwd',
        'public/a',
        `public/${'x'.repeat(900)}`,
      ];
      for (const name of names) {
        const { putUrl } = await announce(taskId, runId, name);
        await refused(rig.queue.artifactUrl(taskId, name), 'not-found');
        put(putUrl!, name);
        expect(get(await rig.queue.artifactUrl(taskId, name))).toBe(name);
        expect(await rig.queue.artifactUrl(taskId, name, 0)).toBe(await rig.queue.artifactUrl(taskId, name));
      }
      const listed = await rig.queue.listArtifacts(taskId);
      expect(listed.map((artifact) => artifact.name)).toEqual([...names].sort());
      expect(listed[0]).toMatchObject({
        storageType: 's3',
        contentType: 'text/plain',
        contentEncoding: 'identity',
      });
    });

    it('belong to a run', async () => {
      const taskId = await create();
      await claim();
      put((await announce(taskId, 0, 'public/a')).putUrl!, 'first');
      await rig.queue.reportException(taskId, 0, 'intermittent-task');
      expect(await rig.queue.listArtifacts(taskId)).toEqual([]);
      expect(await rig.queue.listArtifacts(taskId, 0)).toHaveLength(1);
      await refused(rig.queue.artifactUrl(taskId, 'public/a'), 'not-found');
      expect(get(await rig.queue.artifactUrl(taskId, 'public/a', 0))).toBe('first');
      await refused(rig.queue.listArtifacts(taskId, 2), 'not-found');
    });

    it('are announced again only as they were', async () => {
      const taskId = await create();
      await refused(announce(taskId, 0, 'public/a'), 'conflict');
      await claim();
      const first = await announce(taskId, 0, 'public/a');
      expect(await announce(taskId, 0, 'public/a')).toEqual(first);
      await refused(announce(taskId, 0, 'public/a', 'text/html'), 'conflict');
      await refused(announce(taskId, 0, ''), 'bad-request');
      await rig.queue.reportCompleted(taskId, 0);
      await refused(announce(taskId, 0, 'public/b'), 'conflict');
    });

    it('may be errors', async () => {
      const taskId = await create();
      await claim();
      const created = await rig.queue.createArtifact(taskId, 0, 'public/gone', {
        storageType: 'error',
        reason: 'file-missing-on-worker',
        message: 'no such file',
        expires: expires(),
      });
      expect(created).toEqual({ storageType: 'error' });
      await refused(rig.queue.artifactUrl(taskId, 'public/gone'), 'not-found');
      expect(await rig.queue.listArtifacts(taskId)).toMatchObject([
        { name: 'public/gone', storageType: 'error' },
      ]);
    });

    it('expire, not after their task', async () => {
      const taskId = await create();
      await claim();
      const late = new Date(rig.now() + 3 * hours).toISOString();
      await refused(
        rig.queue.createArtifact(taskId, 0, 'x', { storageType: 's3', contentType: 'a/b', expires: late }),
        'bad-request',
      );
      put((await announce(taskId, 0, 'x')).putUrl!, 'x');
      await rig.queue.reportCompleted(taskId, 0);
      await rig.advance(hours);
      await refused(rig.queue.artifactUrl(taskId, 'x'), 'not-found');
    });
  });

  describe('index', () => {
    it('holds completed tasks under their routes', async () => {
      const extra = { index: { rank: 7 } };
      const taskId = await create({ routes: ['index.a.b.latest', 'index.a.c', 'other.a'], extra });
      expect(await rig.queue.findTask('a.c')).toBeNull();
      await run(taskId);
      expect(await rig.queue.findTask('a.b.latest')).toEqual({ taskId, rank: 7 });
      expect(await rig.queue.findTask('a.c')).toEqual({ taskId, rank: 7 });
      expect(await rig.queue.findTask('a')).toBeNull();
    });

    it('does not hold failed ones', async () => {
      const taskId = await create({ routes: ['index.a'] });
      await claim();
      await rig.queue.reportFailed(taskId, 0);
      expect(await rig.queue.findTask('a')).toBeNull();
    });

    it('prefers a higher rank, then the later', async () => {
      const taskIds = [];
      for (const rank of [5, 4, 5]) {
        const taskId = await create({ routes: ['index.a'], extra: { index: { rank } } });
        await run(taskId);
        taskIds.push(taskId);
        if (rank === 4) expect((await rig.queue.findTask('a'))!.taskId).toBe(taskIds[0]);
      }
      expect((await rig.queue.findTask('a'))!.taskId).toBe(taskIds[2]);
    });

    it('forgets what expires', async () => {
      const taskId = await create();
      const entry = { taskId, rank: 9, data: {}, expires: new Date(rig.now() + minutes).toISOString() };
      await rig.queue.insertTask('short', entry);
      await rig.queue.insertTask('long', {
        ...entry,
        expires: new Date(rig.now() + 9 * hours).toISOString(),
      });
      expect(await rig.queue.findTask('short')).toEqual({ taskId, rank: 9 });
      await rig.advance(minutes);
      expect(await rig.queue.findTask('short')).toBeNull();
      expect(await rig.queue.findTask('long')).toEqual({ taskId, rank: 9 });
      const later = { ...entry, rank: 0, expires: new Date(rig.now() + hours).toISOString() };
      await rig.queue.insertTask('short', later);
      expect(await rig.queue.findTask('short')).toEqual({ taskId, rank: 0 });
      await rig.advance(2 * hours);
      expect(await rig.queue.findTask('long')).toBeNull();
    });
  });

  describe('a listing of the index', () => {
    it('has what is directly below a namespace, by expiry', async () => {
      const taskId = await create();
      const insert = async (namespace: string, ms: number): Promise<void> => {
        const expires = new Date(rig.now() + ms).toISOString();
        await rig.queue.insertTask(namespace, { taskId, rank: 3, data: {}, expires });
      };
      await insert('a.b.late', 2 * hours);
      await insert('a.b.early', hours);
      await insert('a.b.gone', minutes);
      await insert('a.b.deep.er', hours);
      await insert('a.bc', hours);
      await insert('a.b', hours);
      await rig.advance(minutes);
      const listed = await rig.queue.listTasks('a.b');
      expect(listed.map(({ namespace }) => namespace)).toEqual(['a.b.early', 'a.b.late']);
      const expires = new Date(rig.now() + hours - minutes).toISOString();
      expect(listed[0]).toEqual({ namespace: 'a.b.early', taskId, rank: 3, expires });
      expect(await rig.queue.listTasks('a.none')).toEqual([]);
    });
  });

  describe('purge requests', () => {
    const names = async (since: number, taskQueueId = 'test/worker') => {
      const { cursor, requests } = await rig.queue.purgeRequests(taskQueueId, since);
      return { cursor, names: requests.map((request) => request.cacheName) };
    };

    it('are told once for each cursor, again when made again', async () => {
      const start = await names(0);
      expect(start.names).toEqual([]);
      await rig.queue.purgeCache('test/worker', 'a');
      await rig.queue.purgeCache('test/worker', 'b');
      await rig.queue.purgeCache('test/other', 'c');
      const first = await names(start.cursor);
      expect(first.names).toEqual(['a', 'b']);
      expect(first.cursor).toBeGreaterThan(start.cursor);
      expect(await names(first.cursor)).toEqual({ cursor: first.cursor, names: [] });
      await rig.advance(minutes);
      await rig.queue.purgeCache('test/worker', 'a');
      const second = await rig.queue.purgeRequests('test/worker', first.cursor);
      expect(second.requests).toEqual([{ cacheName: 'a', before: new Date(rig.now()).toISOString() }]);
      expect(second.cursor).toBeGreaterThan(first.cursor);
      expect((await names(0)).names).toEqual(['b', 'a']);
      expect((await names(0, 'test/other')).names).toEqual(['c']);
    });
  });
}

/** As a worker does: beside the place, then renamed. */
function put(url: string, content: string): void {
  const path = fileURLToPath(url);
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

function get(url: string): string {
  return readFileSync(fileURLToPath(url), 'utf8');
}

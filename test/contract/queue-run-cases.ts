import { describe, expect, it } from 'vitest';
import { slugid } from '../../src/base/slugid.ts';
import type { QueueRig } from './queue-rig.ts';
import { minutes, worker } from './queue-task.ts';

/** The life of runs: claimed, renewed, lost, resolved. */
export function runCases(rig: QueueRig): void {
  const { create, claim, state, run, refused } = rig;

  describe('claims', () => {
    it('take the most urgent first, then the oldest', async () => {
      const low = await create({ priority: 'low' });
      const first = await create({ priority: 'high' });
      const second = await create({ priority: 'high' });
      const claims = await rig.queue.claimWork('test/worker', { ...worker, tasks: 3 });
      expect(claims.map((claimed) => claimed.status.taskId)).toEqual([first, second, low]);
    });

    it('say until when, by whom and what', async () => {
      const taskId = await create();
      const claimed = await claim();
      const takenUntil = new Date(rig.now() + 20 * minutes).toISOString();
      expect(claimed).toMatchObject({ runId: 0, takenUntil, task: await rig.queue.task(taskId) });
      expect(claimed.status.runs[0]).toMatchObject({
        state: 'running',
        workerGroup: 'group',
        workerId: 'one',
        takenUntil,
        started: new Date(rig.now()).toISOString(),
      });
    });

    it('keep to the task queue and the group', async () => {
      const taskGroupId = slugid();
      await create();
      const taskId = await create({ taskGroupId });
      expect(await rig.queue.claimWork('test/other', worker)).toEqual([]);
      const claims = await rig.queue.claimWork('test/worker', { ...worker, tasks: 5, taskGroupId });
      expect(claims.map((claimed) => claimed.status.taskId)).toEqual([taskId]);
    });

    it('refuse requests nobody could answer', async () => {
      await refused(rig.queue.claimWork('test/worker', { ...worker, tasks: 0 }), 'bad-request');
      await refused(rig.queue.claimWork('test/worker', { ...worker, tasks: 33 }), 'bad-request');
    });

    it('wait for a task to come', async () => {
      const waiting = rig.queue.claimWork('test/worker', { ...worker, waitMs: 20_000 });
      const taskId = await create();
      expect((await waiting)[0]!.status.taskId).toBe(taskId);
    });

    it('end with nothing when the signal aborts', async () => {
      const abort = new AbortController();
      const waiting = rig.queue.claimWork('test/worker', {
        ...worker,
        waitMs: 600_000,
        signal: abort.signal,
      });
      abort.abort();
      expect(await waiting).toEqual([]);
      await create();
      expect(await rig.queue.claimWork('test/worker', { ...worker, signal: abort.signal })).toEqual([]);
    });

    it('last as long as they are renewed', async () => {
      const taskId = await create();
      await claim();
      for (let i = 0; i < 3; i++) {
        await rig.advance(15 * minutes);
        const { takenUntil } = await rig.queue.reclaimTask(taskId, 0);
        expect(takenUntil).toBe(new Date(rig.now() + 20 * minutes).toISOString());
      }
      expect(await state(taskId)).toBe('running');
    });

    it('expire into a new run while retries are left', async () => {
      const taskId = await create({ retries: 1 });
      await claim();
      await rig.advance(20 * minutes);
      await refused(rig.queue.reclaimTask(taskId, 0), 'conflict');
      await refused(rig.queue.reportCompleted(taskId, 0), 'conflict');
      expect(await rig.queue.status(taskId)).toMatchObject({
        state: 'pending',
        retriesLeft: 0,
        runs: [
          { state: 'exception', reasonResolved: 'claim-expired' },
          { state: 'pending', reasonCreated: 'retry' },
        ],
      });
      await claim();
      await rig.advance(20 * minutes);
      expect(await rig.queue.status(taskId)).toMatchObject({ state: 'exception', runs: { length: 2 } });
    });
  });

  describe('resolution', () => {
    it('is idempotent and final', async () => {
      const taskId = await create();
      await refused(rig.queue.reportCompleted(taskId, 0), 'conflict');
      await claim();
      const status = await rig.queue.reportCompleted(taskId, 0);
      expect(status).toMatchObject({ state: 'completed', runs: [{ reasonResolved: 'completed' }] });
      expect(await rig.queue.reportCompleted(taskId, 0)).toEqual(status);
      expect(await rig.queue.cancelTask(taskId)).toEqual(status);
      await refused(rig.queue.reportFailed(taskId, 0), 'conflict');
      await refused(rig.queue.reclaimTask(taskId, 0), 'conflict');
      await refused(rig.queue.reportException(taskId, 0, 'worker-shutdown'), 'conflict');
    });

    it.each([
      ['worker-shutdown', 'retry'],
      ['intermittent-task', 'task-retry'],
    ] as const)('as %s makes a new run while retries are left', async (reason, reasonCreated) => {
      const taskId = await create({ retries: 2 });
      for (const retriesLeft of [1, 0]) {
        const { runId } = await claim();
        const status = await rig.queue.reportException(taskId, runId, reason);
        expect(status).toMatchObject({ state: 'pending', retriesLeft });
        expect(status.runs.at(-1)).toMatchObject({ state: 'pending', reasonCreated });
        expect(await rig.queue.reportException(taskId, runId, reason)).toEqual(status);
      }
      const last = await rig.queue.reportException(taskId, (await claim()).runId, reason);
      expect(last).toMatchObject({ state: 'exception', retriesLeft: 0, runs: { length: 3 } });
    });

    it.each(['malformed-payload', 'resource-unavailable', 'internal-error'] as const)(
      'as %s is not tried again',
      async (reason) => {
        const taskId = await create();
        await claim();
        const status = await rig.queue.reportException(taskId, 0, reason);
        expect(status).toMatchObject({ state: 'exception', runs: [{ reasonResolved: reason }] });
      },
    );

    it('comes at the deadline, whatever the state', async () => {
      const running = await create();
      await claim();
      const pending = await create();
      const unscheduled = await create({ dependencies: [pending] });
      for (let i = 0; i < 4; i++) {
        await rig.queue.reclaimTask(running, 0);
        await rig.advance(15 * minutes);
      }
      await refused(rig.queue.reclaimTask(running, 0), 'conflict');
      for (const taskId of [running, pending, unscheduled]) {
        const status = await rig.queue.status(taskId);
        expect(status).toMatchObject({
          state: 'exception',
          runs: [{ reasonResolved: 'deadline-exceeded' }],
        });
      }
      expect(await claim()).toBeUndefined();
      await refused(rig.queue.rerunTask(pending), 'conflict');
    });

    it('comes by cancelling, whatever the state', async () => {
      const running = await create();
      await claim();
      const pending = await create();
      const unscheduled = await create({ dependencies: [pending] });
      for (const taskId of [running, unscheduled, pending]) {
        const status = await rig.queue.cancelTask(taskId);
        expect(status).toMatchObject({ state: 'exception', runs: [{ reasonResolved: 'canceled' }] });
        expect(await rig.queue.cancelTask(taskId)).toEqual(status);
      }
      await refused(rig.queue.reclaimTask(running, 0), 'conflict');
      await refused(rig.queue.reportCompleted(running, 0), 'conflict');
      expect(await claim()).toBeUndefined();
    });

    it('is undone by a rerun, which sets retries back', async () => {
      const taskId = await create({ retries: 1 });
      await rig.queue.reportException(taskId, (await claim()).runId, 'worker-shutdown');
      await run(taskId);
      const status = await rig.queue.rerunTask(taskId);
      expect(status).toMatchObject({ state: 'pending', retriesLeft: 1 });
      expect(status.runs.map((r) => r.reasonCreated)).toEqual(['scheduled', 'retry', 'rerun']);
      expect(await rig.queue.rerunTask(taskId)).toEqual(status);
      await run(taskId);
    });
  });
}

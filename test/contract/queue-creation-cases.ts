import { describe, expect, it } from 'vitest';
import { slugid } from '../../src/base/slugid.ts';
import type { TaskDefinition } from '../../src/task/definition.ts';
import type { QueueRig } from './queue-rig.ts';
import { hours, minutes, task, worker } from './queue-task.ts';

/** Creating tasks, and what they wait for. */
export function creationCases(rig: QueueRig): void {
  const { create, claim, state, run, refused } = rig;

  describe('creation', () => {
    it('makes a task pending and gives its definition back', async () => {
      const definition = task(rig.now(), { payload: { env: { B: '1', A: 'ü' } } });
      const taskId = slugid();
      const status = await rig.queue.createTask(taskId, definition);
      expect(status).toMatchObject({
        taskId,
        state: 'pending',
        retriesLeft: 2,
        deadline: definition.deadline,
      });
      expect(status.runs).toMatchObject([{ runId: 0, state: 'pending', reasonCreated: 'scheduled' }]);
      expect(await rig.queue.task(taskId)).toEqual(definition);
    });

    it('is idempotent, and refuses another definition', async () => {
      const taskId = slugid();
      const definition = task(rig.now());
      const first = await rig.queue.createTask(taskId, definition);
      const turned = Object.fromEntries(Object.entries(definition).reverse()) as unknown as TaskDefinition;
      expect(await rig.queue.createTask(taskId, turned)).toEqual(first);
      await refused(rig.queue.createTask(taskId, { ...definition, priority: 'high' }), 'conflict');
    });

    it('keeps a task group to one scheduler', async () => {
      const taskGroupId = slugid();
      await create({ taskGroupId });
      await refused(create({ taskGroupId, schedulerId: 'other' }), 'conflict');
    });

    it.each([
      ['an unknown dependency', { dependencies: [slugid()] }],
      [
        'a deadline in the past',
        { created: '2001-01-01T00:00:00.000Z', deadline: '2001-01-01T01:00:00.000Z' },
      ],
      ['an unknown priority', { priority: 'urgent' as 'high' }],
      ['too many retries', { retries: 50 }],
      ['a malformed task queue', { taskQueueId: 'worker' }],
      ['an expiry before the deadline', { expires: '2001-01-01T00:00:00.000Z' }],
    ])('refuses %s', async (_, changes) => {
      await refused(create(changes), 'bad-request');
    });

    it('refuses a task that depends on itself, and malformed ids', async () => {
      const taskId = slugid();
      await refused(rig.queue.createTask(taskId, task(rig.now(), { dependencies: [taskId] })), 'bad-request');
      await refused(rig.queue.createTask('../../etc/passwd', task(rig.now())), 'bad-request');
    });

    it('refuses a dependency that expires before the deadline', async () => {
      const early = new Date(rig.now() + 30 * minutes).toISOString();
      const required = await create({ deadline: early, expires: early });
      await refused(create({ dependencies: [required] }), 'bad-request');
    });

    it('says not-found for what is not there', async () => {
      const taskId = slugid();
      await refused(rig.queue.status(taskId), 'not-found');
      await refused(rig.queue.task(taskId), 'not-found');
      await refused(rig.queue.cancelTask(taskId), 'not-found');
      await refused(rig.queue.rerunTask(taskId), 'not-found');
      await refused(rig.queue.reportCompleted(taskId, 0), 'not-found');
      await refused(rig.queue.listTaskGroup(taskId), 'not-found');
      await refused(rig.queue.reclaimTask(await create(), 1), 'not-found');
    });

    it('lists the tasks of a group', async () => {
      const taskGroupId = slugid();
      const ids = [await create({ taskGroupId }), await create({ taskGroupId })];
      await create();
      expect((await rig.queue.listTaskGroup(taskGroupId)).map((status) => status.taskId)).toEqual(ids);
    });
  });

  describe('dependencies', () => {
    it('schedule a task when all are completed', async () => {
      const [a, b] = [await create(), await create()];
      const c = await create({ dependencies: [a, b] });
      expect(await rig.queue.status(c)).toMatchObject({ state: 'unscheduled', runs: [] });
      await run(a);
      expect(await state(c)).toBe('unscheduled');
      await run(b);
      expect(await state(c)).toBe('pending');
      expect(await state(await create({ dependencies: [a, b] }))).toBe('pending');
    });

    it('leave a task unscheduled until its deadline when one fails', async () => {
      const a = await create();
      const b = await create({ dependencies: [a] });
      const c = await create({ dependencies: [a], requires: 'all-resolved' });
      await rig.queue.reportFailed(a, (await claim()).runId);
      expect(await state(b)).toBe('unscheduled');
      expect(await state(c)).toBe('pending');
      await rig.advance(hours);
      expect(await rig.queue.status(b)).toMatchObject({
        state: 'exception',
        runs: [{ reasonCreated: 'exception', reasonResolved: 'deadline-exceeded' }],
      });
    });

    it('are satisfied when a failed one is rerun and completes', async () => {
      const a = await create();
      const b = await create({ dependencies: [a] });
      await rig.queue.reportFailed(a, (await claim()).runId);
      await rig.queue.rerunTask(a);
      await run(a);
      expect(await state(b)).toBe('pending');
    });

    it('schedule tasks in the order of their creation', async () => {
      const a = await create();
      const dependents = [];
      for (let i = 0; i < 8; i++) dependents.push(await create({ dependencies: [a] }));
      await run(a);
      const claims = await rig.queue.claimWork('test/worker', { ...worker, tasks: 8 });
      expect(claims.map((claimed) => claimed.status.taskId)).toEqual(dependents);
    });

    it('wait for the last run of a task that is tried again', async () => {
      const a = await create();
      const b = await create({ dependencies: [a], requires: 'all-resolved' });
      await rig.queue.reportException(a, (await claim()).runId, 'intermittent-task');
      expect(await state(b)).toBe('unscheduled');
      await rig.queue.cancelTask(a);
      expect(await state(b)).toBe('pending');
    });
  });
}

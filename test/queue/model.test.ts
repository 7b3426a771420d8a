import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { slugid } from '../../src/base/slugid.ts';
import { type EmbeddedQueue, openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { QueueError } from '../../src/queue/queue.ts';
import type { Priority } from '../../src/task/definition.ts';
import { reportableReasons } from '../../src/task/status.ts';
import { hours, minutes, task, worker } from '../contract/queue-task.ts';
import { findContradictions } from './consistency.ts';
import { QueueModel, type Report } from './queue-model.ts';

/** Tasks are chosen by a number that is taken modulo how many there are. */
type Step =
  | {
      readonly do: 'create';
      readonly needs: readonly number[];
      readonly requires: 'all-completed' | 'all-resolved';
      readonly priority: Priority;
      readonly retries: number;
      readonly deadlineMinutes: number;
    }
  | { readonly do: 'claim'; readonly count: number }
  | { readonly do: 'report'; readonly task: number; readonly back: number; readonly report: Report }
  | { readonly do: 'reclaim'; readonly task: number; readonly back: number }
  | { readonly do: 'cancel'; readonly task: number }
  | { readonly do: 'rerun'; readonly task: number }
  | { readonly do: 'wait'; readonly minutes: number; readonly expire: boolean };

const chosen = fc.nat(30);
const back = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -1, max: 1 }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      needs: fc.array(chosen, { maxLength: 3 }),
      requires: fc.constantFrom('all-completed' as const, 'all-resolved' as const),
      priority: fc.constantFrom<Priority>('highest', 'medium', 'lowest'),
      retries: fc.nat(2),
      deadlineMinutes: fc.constantFrom(5, 30, 60),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('claim' as const), count: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      task: chosen,
      back,
      report: fc.constantFrom<Report>('completed', 'failed', ...reportableReasons),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reclaim' as const), task: chosen, back }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), task: chosen }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rerun' as const), task: chosen }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      minutes: fc.constantFrom(1, 10, 20, 40),
      expire: fc.boolean(),
    }),
  },
);

it('the embedded queue does what the model says, whatever comes in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const home = mkdtempSync(join(tmpdir(), 'caisson-queue-'));
      const model = new QueueModel();
      const queue = await openEmbeddedQueue({ home, clock: { now: () => model.now } });
      try {
        const ids: string[] = [];
        for (const next of steps) {
          await take(next, model, queue, ids);
          await expectSame(model, queue, ids);
        }
        expect(await findContradictions(home)).toEqual([]);
      } finally {
        await queue.close();
        rmSync(home, { recursive: true, force: true });
      }
    }),
    { numRuns: 150 },
  );
}, 60_000);

/** Takes a step in the model and in the queue, whose answers must be the same. */
async function take(next: Step, model: QueueModel, queue: EmbeddedQueue, ids: string[]): Promise<void> {
  if (next.do === 'create') {
    const needs = ids.length === 0 ? [] : [...new Set(next.needs.map((need) => need % ids.length))];
    const taskId = slugid();
    const deadline = model.now + next.deadlineMinutes * minutes;
    const definition = task(model.now, {
      dependencies: needs.map((need) => ids[need]!),
      requires: next.requires,
      priority: next.priority,
      retries: next.retries,
      deadline: new Date(deadline).toISOString(),
      expires: new Date(model.now + 1000 * hours).toISOString(),
    });
    ids.push(taskId);
    model.create({ ...next, deadline, needs });
    await queue.createTask(taskId, definition);
  } else if (next.do === 'claim') {
    const claims = await queue.claimWork('test/worker', { ...worker, tasks: next.count });
    expect(claims.map((claim) => ids.indexOf(claim.status.taskId))).toEqual(model.claim(next.count));
  } else if (next.do === 'wait') {
    model.now += next.minutes * minutes;
    if (!next.expire) return;
    model.expire();
    await queue.expire();
  } else if (ids.length > 0) {
    const index = next.task % ids.length;
    const taskId = ids[index]!;
    const lastRun = Math.max(0, model.tasks[index]!.runs.length - 1);
    if (next.do === 'cancel') {
      expect(await answerOf(queue.cancelTask(taskId))).toBe(model.cancel(index));
    } else if (next.do === 'rerun') {
      expect(await answerOf(queue.rerunTask(taskId))).toBe(model.rerun(index));
    } else {
      const runId = Math.max(0, lastRun - next.back);
      const answer = await answerOf(
        next.do === 'reclaim' ? queue.reclaimTask(taskId, runId) : send(queue, taskId, runId, next.report),
      );
      expect(answer).toBe(
        next.do === 'reclaim' ? model.reclaim(index, runId) : model.report(index, runId, next.report),
      );
    }
  }
}

function send(queue: EmbeddedQueue, taskId: string, runId: number, report: Report): Promise<unknown> {
  if (report === 'completed') return queue.reportCompleted(taskId, runId);
  if (report === 'failed') return queue.reportFailed(taskId, runId);
  return queue.reportException(taskId, runId, report);
}

async function answerOf(promise: Promise<unknown>): Promise<QueueError['code'] | 'ok'> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    if (error instanceof QueueError) return error.code;
    throw error;
  }
}

async function expectSame(model: QueueModel, queue: EmbeddedQueue, ids: readonly string[]): Promise<void> {
  const statuses = await Promise.all(ids.map((taskId) => queue.status(taskId)));
  const found = statuses.map((status) => ({
    state: status.state,
    retriesLeft: status.retriesLeft,
    runs: status.runs.map((run) => [run.state, run.reasonCreated, run.reasonResolved]),
  }));
  const expected = model.tasks.map((modelled) => ({
    state: model.state(modelled),
    retriesLeft: modelled.retriesLeft,
    runs: modelled.runs.map((run) => [run.state, run.created, run.resolved]),
  }));
  expect(found).toEqual(expected);
}

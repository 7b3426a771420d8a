import { afterEach, beforeEach, expect } from 'vitest';
import { slugid } from '../../src/base/slugid.ts';
import { type Claim, type Queue, QueueError } from '../../src/queue/queue.ts';
import type { TaskDefinition } from '../../src/task/definition.ts';
import type { TaskState } from '../../src/task/status.ts';
import { task, worker } from './queue-task.ts';

/** A queue under test, empty, whose clock the test turns. Claims last 20 minutes. */
export interface QueueUnderTest {
  readonly queue: Queue;
  now(): number;
  /** Turns the clock and lets what is due expire. */
  advance(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** The queue of the running case, and what most cases do with it. */
export interface QueueRig {
  readonly queue: Queue;
  readonly now: () => number;
  readonly advance: (milliseconds: number) => Promise<void>;
  readonly create: (changes?: Partial<TaskDefinition>) => Promise<string>;
  readonly claim: () => Promise<Claim>;
  readonly state: (taskId: string) => Promise<TaskState>;
  /** Claims the task, which must be next, and completes it. */
  readonly run: (taskId: string) => Promise<void>;
  readonly refused: (promise: Promise<unknown>, code: QueueError['code']) => Promise<void>;
}

export function useQueue(open: () => Promise<QueueUnderTest>): QueueRig {
  let subject: QueueUnderTest;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  const claim = async (): Promise<Claim> => (await subject.queue.claimWork('test/worker', worker))[0]!;
  return {
    get queue() {
      return subject.queue;
    },
    now: () => subject.now(),
    advance: (milliseconds) => subject.advance(milliseconds),
    async create(changes = {}) {
      const taskId = slugid();
      await subject.queue.createTask(taskId, task(subject.now(), changes));
      return taskId;
    },
    claim,
    state: async (taskId) => (await subject.queue.status(taskId)).state,
    async run(taskId) {
      const claimed = await claim();
      expect(claimed.status.taskId).toBe(taskId);
      await subject.queue.reportCompleted(taskId, claimed.runId);
    },
    refused,
  };
}

export async function refused(promise: Promise<unknown>, code: QueueError['code']): Promise<void> {
  const error = await promise.then(
    () => 'no error',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(QueueError);
  expect((error as QueueError).code).toBe(code);
}

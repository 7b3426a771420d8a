import { systemClock } from '../base/clock.ts';
import { FailureError } from '../base/failure.ts';
import { slugid } from '../base/slugid.ts';
import { QueueError } from '../queue/queue.ts';
import type { TaskDefinition } from '../task/definition.ts';
import { toDefinition } from './create.ts';
import type { GraphTask } from './task-graph.ts';

/** What a queue, and with it every service of ours, is asked at one time at most. */
export const concurrency = 50;

export interface Submission {
  /** by task id; references are resolved */
  readonly graph: ReadonlyMap<string, GraphTask>;
  readonly decisionTaskId: string;
  readonly schedulerId: string;
  readonly queue: { createTask(taskId: string, definition: TaskDefinition): Promise<unknown> };
}

/**
 * Creates the tasks of an optimized graph in the queue: each after those that it depends on, many at a time, and as
 * often as its attribute `task_duplicates` says. Fails with `unavailable` and a message for every task that the queue
 * refused, when all that does not need them is created.
 */
export async function submitTasks({ graph, ...options }: Submission): Promise<void> {
  const refused: string[] = [];
  const waiting = new Waiting(graph);
  const running = new Set<Promise<void>>();
  const start = (taskId: string): void => {
    const one = submit(taskId, graph, options).then((error) => {
      running.delete(one);
      if (error === null) waiting.done(taskId);
      else refused.push(`could not create "${graph.get(taskId)!.label}" (${taskId}): ${error.message}`);
    });
    running.add(one);
  };
  while (running.size > 0 || waiting.isAnythingReady) {
    while (running.size < concurrency) {
      const taskId = waiting.next();
      if (taskId === undefined) break;
      start(taskId);
    }
    await Promise.race(running);
  }
  if (refused.length === 0) return;
  const skipped = waiting.count;
  throw new FailureError({
    kind: 'unavailable',
    message: [
      ...refused,
      ...(skipped === 0 ? [] : [`not tried, because they depend on these: ${skipped} tasks`]),
    ].join('\n'),
  });
}

/** Null when all copies are created, else why not. */
async function submit(
  taskId: string,
  graph: Submission['graph'],
  { decisionTaskId, schedulerId, queue }: Omit<Submission, 'graph'>,
): Promise<QueueError | null> {
  const task = graph.get(taskId)!;
  const now = new Date(systemClock.now());
  const definition = toDefinition(task, { taskGroupId: decisionTaskId, schedulerId, now, graph });
  try {
    for (const id of [taskId, ...duplicates(task)]) await queue.createTask(id, definition);
    return null;
  } catch (error) {
    if (error instanceof QueueError) return error;
    throw error;
  }
}

function duplicates({ attributes }: GraphTask): string[] {
  const times = Number(attributes.task_duplicates ?? 1);
  return Array.from({ length: Math.max(0, times - 1) }, slugid);
}

/** The tasks that are still to be created, and which of them can be. */
class Waiting {
  readonly #ready: string[] = [];
  readonly #missing = new Map<string, number>();
  readonly #dependents = new Map<string, string[]>();

  constructor(graph: Submission['graph']) {
    for (const [taskId, { task }] of graph) {
      const needed = new Set((task.dependencies ?? []) as readonly string[]);
      const inGraph = [...needed].filter((id) => graph.has(id));
      if (inGraph.length === 0) this.#ready.push(taskId);
      else this.#missing.set(taskId, inGraph.length);
      for (const id of inGraph) this.#dependents.set(id, [...(this.#dependents.get(id) ?? []), taskId]);
    }
    this.#ready.reverse();
  }

  get isAnythingReady(): boolean {
    return this.#ready.length > 0;
  }

  /** how many are not ready */
  get count(): number {
    return this.#missing.size;
  }

  next(): string | undefined {
    return this.#ready.pop();
  }

  done(taskId: string): void {
    for (const dependent of this.#dependents.get(taskId) ?? []) {
      const missing = this.#missing.get(dependent)! - 1;
      this.#missing.set(dependent, missing);
      if (missing > 0) continue;
      this.#missing.delete(dependent);
      this.#ready.push(dependent);
    }
  }
}

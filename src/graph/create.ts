import type { TaskDefinition } from '../task/definition.ts';
import type { GraphTask } from './task-graph.ts';
import { isMapping, type Mapping, setOwn } from './values/plain.ts';
import { isNumber } from './values/python-float.ts';
import { resolveTimestamps } from './values/parameterization.ts';

export interface CreateOptions {
  readonly taskGroupId: string;
  readonly schedulerId: string;
  /** relative datestamps count from here */
  readonly now: Date;
  /**
   * The ids of all tasks that are created with it: a task that depends on none of them depends on the task group's
   * decision task, so that nothing starts before all are there. Default: no task does.
   */
  readonly graph?: { has(taskId: string): boolean };
}

/**
 * What the queue's `createTask` takes for a task of the optimized or morphed graph: times are resolved, what the
 * definition leaves out is as the queue would fill it in. Throws DurationError for a time that is none.
 */
export function toDefinition(graphTask: Pick<GraphTask, 'task'>, options: CreateOptions): TaskDefinition {
  const { provisionerId, workerType, ...task } = graphTask.task;
  const taskQueueId = task.taskQueueId ?? `${String(provisionerId)}/${String(workerType)}`;
  const resolved = plain(resolveTimestamps(options.now.getTime(), task)) as Mapping;
  const dependencies = (resolved.dependencies ?? []) as readonly string[];
  const { graph, taskGroupId } = options;
  const needsDecision = graph !== undefined && !dependencies.some((taskId) => graph.has(taskId));
  return {
    requires: 'all-completed',
    routes: [],
    priority: 'lowest',
    retries: 5,
    scopes: [],
    payload: {},
    tags: {},
    extra: {},
    ...resolved,
    taskQueueId,
    schedulerId: options.schedulerId,
    taskGroupId,
    dependencies: [...new Set(needsDecision ? [...dependencies, taskGroupId] : dependencies)],
  } as unknown as TaskDefinition;
}

/** Numbers of every kind as JavaScript's own, so that any JSON writer takes them. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'bigint' || isNumber(value)) return Number(value);
  if (!isMapping(value)) return value;
  const copy: Mapping = {};
  for (const key of Object.keys(value)) setOwn(copy, key, plain(value[key]));
  return copy;
}

import { compareCodePoints } from '../../base/hash.ts';
import type { GraphMistake } from '../check-graph.ts';
import type { TaskGraph } from '../optimize/task-ids.ts';
import type { Registry } from '../plugins/registry.ts';
import type { GraphTask } from '../task-graph.ts';
import { addCodeReviewTask } from './code-review-task.ts';
import { addIndexTasks, type MorphContext } from './index-tasks.ts';

export interface MorphRequest extends MorphContext {
  /** those of plugins, after the built-in ones */
  readonly morphs: Registry['morphs'];
  readonly report: (mistake: GraphMistake) => void;
}

/** Changes the form of the optimized graph, not its meaning, to what the queue takes. */
export function morph(graph: TaskGraph, { morphs, report, ...context }: MorphRequest): TaskGraph {
  const indexed = addIndexTasks([...graph.tasks.values()], context);
  let tasks: readonly GraphTask[] = addCodeReviewTask(indexed, context.parameters);
  for (const own of morphs) tasks = own(tasks, report);
  const labels = new Map(graph.labelToTaskId);
  for (const { label, taskId } of tasks) labels.set(label, taskId!);
  return {
    tasks: new Map(tasks.map((task) => [task.taskId!, task])),
    labelToTaskId: new Map([...labels].sort(([a], [b]) => compareCodePoints(a, b))),
  };
}

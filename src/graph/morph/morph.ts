import { compareCodePoints } from '../../base/hash.ts';
import type { TaskGraph } from '../optimize/task-ids.ts';
import { addCodeReviewTask } from './code-review-task.ts';
import { addIndexTasks, type MorphContext } from './index-tasks.ts';

/** Changes the form of the optimized graph, not its meaning, to what the queue takes. */
export function morph(graph: TaskGraph, context: MorphContext): TaskGraph {
  const indexed = addIndexTasks([...graph.tasks.values()], context);
  const tasks = addCodeReviewTask(indexed, context.parameters);
  const labels = new Map(graph.labelToTaskId);
  for (const { label, taskId } of tasks) labels.set(label, taskId!);
  return {
    tasks: new Map(tasks.map((task) => [task.taskId!, task])),
    labelToTaskId: new Map([...labels].sort(([a], [b]) => compareCodePoints(a, b))),
  };
}

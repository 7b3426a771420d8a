import { compareCodePoints } from '../../base/hash.ts';
import { slugid } from '../../base/slugid.ts';
import type { GraphMistake } from '../check-graph.ts';
import type { GraphTask } from '../task-graph.ts';
import { resolveTaskReferences, TaskReferenceError } from '../values/parameterization.ts';
import type { Optimized } from './optimize.ts';

export interface TaskIdsRequest extends Optimized {
  /** the target graph, by label */
  readonly tasks: ReadonlyMap<string, GraphTask>;
  readonly decisionTaskId: string;
  readonly rootUrl: string | null;
  readonly report: (mistake: GraphMistake) => void;
}

export interface TaskGraph {
  /** the tasks that will run, by task id */
  readonly tasks: ReadonlyMap<string, GraphTask>;
  /** of these and of replaced tasks */
  readonly labelToTaskId: ReadonlyMap<string, string>;
}

/**
 * Gives every task that stays an id, and writes ids where labels were: in its dependencies, soft ones that are in the
 * graph too, and in its references.
 */
export function assignTaskIds({ tasks, removed, replaced, ...request }: TaskIdsRequest): TaskGraph {
  const { decisionTaskId, rootUrl, report } = request;
  const staying = [...tasks.keys()]
    .filter((label) => !removed.has(label) && !replaced.has(label))
    .sort(compareCodePoints);
  const runs = new Set(staying);
  const ids = new Map<string, string>(replaced);
  for (const label of staying) ids.set(label, slugid());

  const byId = new Map<string, GraphTask>();
  for (const label of staying) {
    const task = tasks.get(label)!;
    const dependencies: Record<string, string> = {};
    for (const [name, dependency] of Object.entries(task.dependencies)) {
      const id = ids.get(dependency);
      if (id !== undefined) dependencies[name] = id;
      else
        report({
          severity: 'error',
          message: `"${label}" depends on "${dependency}", which has been optimized away`,
          label,
          path: ['dependencies', name],
        });
    }
    for (const soft of task.softDependencies) if (runs.has(soft)) dependencies[soft] = ids.get(soft)!;
    const taskId = ids.get(label)!;
    try {
      const targets = { taskId, decisionTaskId, dependencies, rootUrl };
      const definition = resolveTaskReferences(label, task.task, targets);
      const known = (definition.dependencies ?? []) as readonly string[];
      definition.dependencies = [...known, ...Object.values(dependencies).sort(compareCodePoints)];
      byId.set(taskId, { ...task, task: definition, dependencies, taskId });
    } catch (error) {
      if (!(error instanceof TaskReferenceError)) throw error;
      report({ severity: 'error', message: error.message, label });
    }
  }
  return { tasks: byId, labelToTaskId: new Map([...ids].sort(([a], [b]) => compareCodePoints(a, b))) };
}

import type { GraphTask } from '../../../src/graph/task-graph.ts';
import { type GraphMistake, verifyFull } from '../../../src/graph/verify/verify.ts';
import { transformContext } from '../transforms/transform-context.ts';

/** A task that nothing is wrong with. */
export function goodTask(
  label: string,
  task: Record<string, unknown> = {},
  more: Partial<GraphTask> = {},
): GraphTask {
  return {
    kind: 'kind',
    label,
    description: '',
    attributes: {},
    task: { provisionerId: 'p', workerType: 'w', ...task },
    optimization: null,
    dependencies: {},
    softDependencies: [],
    ifDependencies: [],
    ...more,
  };
}

/** What is wrong with a graph of these tasks: `label: message` each, others than errors with their severity in front. */
export function verified(...tasks: readonly GraphTask[]): string[] {
  const { graphConfig, params: parameters } = transformContext();
  const mistakes: string[] = [];
  const report = ({ severity, label, message }: GraphMistake): void => {
    mistakes.push(`${severity === 'error' ? '' : `${severity}, `}${label}: ${message}`);
  };
  verifyFull(new Map(tasks.map((task) => [task.label, task])), { graphConfig, parameters, report });
  return mistakes;
}

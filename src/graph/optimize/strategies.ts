import type { Parameters } from '../parameters/parameters.ts';
import type { GraphTask } from '../task-graph.ts';
import { pathMatches } from '../values/path-match.ts';

/** What an index knows, asked for once for all tasks. */
export interface IndexAnswers {
  readonly taskIds: ReadonlyMap<string, string>;
  readonly statuses: ReadonlyMap<string, { readonly state: string; readonly expires: string }>;
}

/** One way to leave a task out. `argument` is what stands behind the strategy's name in the task. */
export interface Strategy {
  /** True when the task is not needed at all. */
  removes?(argument: unknown, parameters: Parameters, task: GraphTask): boolean;
  /** The task that does instead, which must last until `deadline` (milliseconds since 1970) when that is given. */
  replacement?(
    argument: unknown,
    answers: IndexAnswers,
    deadline: number | null,
    task: GraphTask,
  ): string | null;
  /** index paths that it will ask for */
  indexes?(argument: unknown, task: GraphTask): readonly string[];
}

export const strategies: ReadonlyMap<string, Strategy> = new Map<string, Strategy>([
  ['never', {}],
  ['always', { removes: () => true }],
  ['skip-unless-changed', { removes: isUnchanged }],
  ['index-search', { indexes: listOf, replacement: findInIndex }],
]);

function isUnchanged(patterns: unknown, { base_rev, head_rev, files_changed }: Parameters): boolean {
  // Nothing changed because there is nothing to compare with: a cron task, an action.
  if (base_rev !== '' && base_rev === head_rev) return false;
  return !listOf(patterns).some((pattern) => files_changed.some((file) => pathMatches(file, pattern)));
}

/** The first of these namespaces at which a task is that has not failed and lasts long enough. */
export function findInIndex(
  argument: unknown,
  answers: IndexAnswers,
  deadline: number | null,
): string | null {
  for (const namespace of listOf(argument)) {
    const taskId = answers.taskIds.get(namespace);
    const status = taskId === undefined ? undefined : answers.statuses.get(taskId);
    if (taskId === undefined || status === undefined) continue;
    if (status.state === 'exception' || status.state === 'failed') continue;
    if (deadline !== null && Date.parse(status.expires) < deadline) continue;
    return taskId;
  }
  return null;
}

function listOf(argument: unknown): readonly string[] {
  return Array.isArray(argument) ? (argument as string[]) : [];
}

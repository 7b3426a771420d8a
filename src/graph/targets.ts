import { fail, FailureError } from '../base/failure.ts';
import { compareCodePoints } from '../base/hash.ts';
import { didYouMean } from '../base/suggest.ts';
import type { GraphMistake } from './check-graph.ts';
import { closure } from './dependency-order.ts';
import type { Parameters } from './parameters/parameters.ts';
import type { Registry } from './plugins/registry.ts';
import type { GraphTask } from './task-graph.ts';
import { matchRunOnGitBranches, matchRunOnProjects, matchRunOnTasksFor } from './values/attributes.ts';
import { PythonRegexError } from './values/python-regex.ts';

type Tasks = ReadonlyMap<string, GraphTask>;
type Report = (mistake: GraphMistake) => void;

/** Gives the labels of the tasks that are wanted, in any order. */
export type TargetMethod = (tasks: Tasks, parameters: Parameters, report: Report) => readonly string[];

export const targetMethods: ReadonlyMap<string, TargetMethod> = new Map<string, TargetMethod>([
  ['default', (tasks, parameters) => labelsOf(tasks, (task) => runsHere(task, parameters))],
  [
    'codereview',
    (tasks, parameters) =>
      labelsOf(tasks, (task) => runsHere(task, parameters) && Boolean(task.attributes['code-review'])),
  ],
  ['nothing', () => []],
]);

function labelsOf(tasks: Tasks, isWanted: (task: GraphTask) => boolean): string[] {
  return [...tasks.values()].filter(isWanted).map(({ label }) => label);
}

/** The labels that all of the parameters' filters let through, sorted. */
export function selectTargets(
  tasks: Tasks,
  parameters: Parameters,
  { targetMethods, filters }: Pick<Registry, 'targetMethods' | 'filters'>,
  report: Report,
): string[] {
  let left = tasks;
  for (const filter of parameters.filters.length === 0 ? [byMethod] : parameters.filters) {
    const isMethod = filter === byMethod;
    const name = isMethod ? parameters.target_tasks_method : filter;
    const known = isMethod ? targetMethods : filters;
    const method = known.get(name);
    if (method === undefined) {
      const words = isMethod ? known.keys() : [byMethod, ...known.keys()];
      return fail(
        'configuration',
        `there is no ${isMethod ? 'target method' : 'filter'} "${name}"`,
        didYouMean(name, words),
      );
    }
    const wanted = new Set(method(left, parameters, report));
    left = new Map([...left].filter(([label]) => wanted.has(label)));
  }
  return [...left.keys()].sort(compareCodePoints);
}

const byMethod = 'target_tasks_method';

/** The labels that a user names: each word is a label, or a regular expression that matches whole labels. */
export function namedTargets(tasks: Tasks, words: readonly string[]): string[] {
  const found = words.flatMap((word) => {
    if (tasks.has(word)) return [word];
    const matching = [...tasks.keys()].filter(matcher(word));
    return matching.length > 0
      ? matching
      : fail('usage', `there is no task "${word}"`, unknownHint(tasks, word));
  });
  return [...new Set(found)].sort(compareCodePoints);
}

function matcher(word: string): (label: string) => boolean {
  try {
    const pattern = new RegExp(`^(?:${word})$`, 'u');
    return (label) => pattern.test(label);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return () => false;
  }
}

function unknownHint(tasks: Tasks, word: string): string | undefined {
  const ofKind = [...tasks.values()].filter(({ kind }) => kind === word).map(({ label }) => label);
  if (ofKind.length === 0) return didYouMean(word, tasks.keys());
  const shown = ofKind.slice(0, 8).join(', ');
  return `"${word}" is a kind; its tasks are ${shown}${ofKind.length > 8 ? ', …' : ''}`;
}

/** Tasks that are wanted whatever the target method says, as far as the parameters let them. */
export function alwaysTargets(tasks: Tasks, { enable_always_target: enabled }: Parameters): string[] {
  if (enabled === false) return [];
  return [...tasks.values()]
    .filter(
      ({ attributes, kind }) =>
        Boolean(attributes.always_target) && (enabled === true || enabled.includes(kind)),
    )
    .map(({ label }) => label);
}

/** The tasks with these labels and all that they depend on, in the order of `tasks`. */
export function targetGraph(tasks: Tasks, requested: Iterable<string>): Map<string, GraphTask> {
  const needed = closure(requested, (label) => Object.values(tasks.get(label)!.dependencies));
  return new Map([...tasks].filter(([label]) => needed.has(label)));
}

/** What `run-on-…`, `shipping-phase` and `cron` say about this push. */
export function runsHere({ label, attributes }: GraphTask, parameters: Parameters): boolean {
  if (attributes.cron) return false;
  if (!['build', null, undefined].includes(attributes.shipping_phase as string | null | undefined))
    return false;
  if (!matchRunOnProjects(parameters.project, listOf(attributes.run_on_projects, []))) return false;
  if (!matchRunOnTasksFor(parameters.tasks_for, listOf(attributes.run_on_tasks_for, ['all']))) return false;
  // Branches of pull requests have any name.
  if (parameters.repository_type !== 'git' || parameters.tasks_for === 'github-pull-request') return true;
  const branch = parameters.head_ref.replace(/^refs\/heads\//, '');
  try {
    return matchRunOnGitBranches(branch, listOf(attributes.run_on_git_branches, ['all']));
  } catch (error) {
    if (!(error instanceof PythonRegexError)) throw error;
    const message = `"run-on-git-branches" of task "${label}": ${error.message}`;
    throw new FailureError({ kind: 'configuration', message }, { cause: error });
  }
}

function listOf(value: unknown, otherwise: readonly string[]): readonly string[] {
  return Array.isArray(value) ? (value as string[]) : otherwise;
}

import { fail, FailureError } from '../base/failure.ts';
import { compareCodePoints } from '../base/hash.ts';
import { didYouMean } from '../base/suggest.ts';
import { closure } from './dependency-order.ts';
import type { Parameters } from './parameters/parameters.ts';
import type { GraphTask } from './task-graph.ts';
import { matchRunOnGitBranches, matchRunOnProjects, matchRunOnTasksFor } from './values/attributes.ts';
import { PythonRegexError } from './values/python-regex.ts';

type Tasks = ReadonlyMap<string, GraphTask>;
type TargetMethod = (task: GraphTask, parameters: Parameters) => boolean;

const methods: ReadonlyMap<string, TargetMethod> = new Map<string, TargetMethod>([
  ['default', runsHere],
  ['codereview', (task, parameters) => runsHere(task, parameters) && Boolean(task.attributes['code-review'])],
  ['nothing', () => false],
]);

/** The labels that the parameters' target method wants, sorted. */
export function selectTargets(tasks: Tasks, parameters: Parameters): string[] {
  for (const filter of parameters.filters) {
    if (filter === 'target_tasks_method') continue;
    fail(
      'configuration',
      `there is no filter "${filter}"`,
      'the parameter "filters" can only name "target_tasks_method"',
    );
  }
  const name = parameters.target_tasks_method;
  const method = methods.get(name);
  if (method === undefined) {
    return fail('configuration', `there is no target method "${name}"`, didYouMean(name, methods.keys()));
  }
  return [...tasks.values()]
    .filter((task) => method(task, parameters))
    .map(({ label }) => label)
    .sort(compareCodePoints);
}

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

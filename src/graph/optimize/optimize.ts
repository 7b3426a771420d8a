import { compareCodePoints } from '../../base/hash.ts';
import { didYouMean } from '../../base/suggest.ts';
import type { GraphMistake } from '../check-graph.ts';
import { dependencyOrder } from '../dependency-order.ts';
import type { IndexReader } from '../index-reader.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { GraphTask } from '../task-graph.ts';
import { DraftError } from '../transforms/draft-step.ts';
import { resolveTimestamps } from '../values/parameterization.ts';
import { DurationError } from '../values/time.ts';
import type { Optimizing } from './optimizing.ts';
import { removeTasks } from './remove-tasks.ts';
import { replaceTasks } from './replace-tasks.ts';
import type { IndexAnswers, Strategy } from './strategies.ts';

export interface OptimizeRequest {
  /** the target graph, by label */
  readonly tasks: ReadonlyMap<string, GraphTask>;
  /** labels that are wanted for themselves */
  readonly requested: ReadonlySet<string>;
  /** labels that no strategy may remove or replace */
  readonly doNotOptimize: ReadonlySet<string>;
  /** labels that no strategy may remove */
  readonly doNotRemove: ReadonlySet<string>;
  readonly strategies: ReadonlyMap<string, Strategy>;
  readonly parameters: Parameters;
  readonly index: IndexReader | null;
  /** milliseconds since 1970: what replaces a task must last until its dependents' deadlines */
  readonly now: number;
  readonly report: (mistake: GraphMistake) => void;
}

export interface Optimized {
  readonly removed: ReadonlySet<string>;
  /** label to the task that does instead */
  readonly replaced: ReadonlyMap<string, string>;
}

/** Decides which tasks of the target graph need not run. Unknown strategies and bad deadlines are reported. */
export async function optimize(request: OptimizeRequest): Promise<Optimized> {
  const { tasks, doNotOptimize, doNotRemove, parameters } = request;
  const labels = [...tasks.keys()].sort(compareCodePoints);
  const links = linksOf(labels, tasks);
  const ordered = dependencyOrder(labels, links.dependencies);
  if (!ordered.ok) throw new Error(`a cycle in the target graph: ${ordered.cycle.join(', ')}`);

  const chosen = chooseStrategies(labels, request);
  const answers = await askIndex(
    labels.filter((label) => !doNotOptimize.has(label)),
    chosen,
    request,
  );
  const deadlines = deadlinesOf(request);
  const optimizing: Optimizing = {
    tasks,
    order: ordered.order,
    requested: request.requested,
    kept: doNotOptimize,
    existing: parameters.existing_tasks,
    ...links,
    mayRemove(label) {
      const { strategy, argument } = chosen.get(label)!;
      const task = tasks.get(label)!;
      if (doNotRemove.has(label) || strategy.removes === undefined) return false;
      return ask(label, request, false, () => strategy.removes!(argument, parameters, task));
    },
    findReplacement(label) {
      const { strategy, argument } = chosen.get(label)!;
      const deadline = deadlines(links.dependents(label));
      const task = tasks.get(label)!;
      if (strategy.replacement === undefined) return null;
      return ask(label, request, null, () => strategy.replacement!(argument, answers, deadline, task));
    },
  };
  const removed = removeTasks(optimizing);
  return { removed, replaced: replaceTasks(optimizing, removed) };
}

function linksOf(
  labels: readonly string[],
  tasks: ReadonlyMap<string, GraphTask>,
): Pick<Optimizing, 'dependencies' | 'dependents'> {
  const forward = new Map<string, string[]>();
  const backward = new Map<string, string[]>(labels.map((label) => [label, []]));
  for (const label of labels) {
    const dependencies = [...new Set(Object.values(tasks.get(label)!.dependencies))].sort(compareCodePoints);
    forward.set(label, dependencies);
    for (const dependency of dependencies) backward.get(dependency)!.push(label);
  }
  return { dependencies: (label) => forward.get(label)!, dependents: (label) => backward.get(label)! };
}

interface Choice {
  readonly strategy: Strategy;
  readonly argument: unknown;
}

const never: Choice = { strategy: {}, argument: null };

function chooseStrategies(
  labels: readonly string[],
  { tasks, strategies, report }: OptimizeRequest,
): ReadonlyMap<string, Choice> {
  return new Map(
    labels.map((label): [string, Choice] => {
      const entry = Object.entries(tasks.get(label)!.optimization ?? {})[0];
      if (entry === undefined) return [label, never];
      const [name, argument] = entry;
      const strategy = strategies.get(name);
      if (strategy !== undefined) return [label, { strategy, argument }];
      const hint = didYouMean(name, strategies.keys());
      report({
        severity: 'error',
        message: `there is no optimization strategy "${name}"`,
        label,
        path: ['optimization', name],
        ...(hint === undefined ? {} : { hint }),
      });
      return [label, never];
    }),
  );
}

/** What a strategy says about a task; a plugin's strategy can fail, which is reported. */
function ask<T>(label: string, { report }: OptimizeRequest, otherwise: T, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DraftError)) throw error;
    const { message, path, hint, place } = error;
    const about = { label, path: ['optimization', ...path] };
    report({
      severity: 'error',
      message,
      ...about,
      ...(hint === undefined ? {} : { hint }),
      ...(place === undefined ? {} : { place }),
    });
    return otherwise;
  }
}

async function askIndex(
  labels: readonly string[],
  chosen: ReadonlyMap<string, Choice>,
  request: OptimizeRequest,
): Promise<IndexAnswers> {
  const { index, tasks } = request;
  const paths = new Set(
    labels.flatMap((label) => {
      const { strategy, argument } = chosen.get(label)!;
      const task = tasks.get(label)!;
      return ask(label, request, [], () => strategy.indexes?.(argument, task) ?? []);
    }),
  );
  if (index === null || paths.size === 0) return { taskIds: new Map(), statuses: new Map() };
  const taskIds = await index.findTasks([...paths]);
  return {
    taskIds,
    statuses: taskIds.size === 0 ? new Map() : await index.statuses([...new Set(taskIds.values())]),
  };
}

/** The latest deadline among tasks, null when there are none. */
function deadlinesOf({ tasks, now, report }: OptimizeRequest): (labels: readonly string[]) => number | null {
  const known = new Map<string, number>();
  const deadlineOf = (label: string): number => {
    let deadline = known.get(label);
    if (deadline === undefined) {
      deadline = readDeadline(label);
      known.set(label, deadline);
    }
    return deadline;
  };
  const readDeadline = (label: string): number => {
    try {
      return Date.parse(String(resolveTimestamps(now, tasks.get(label)!.task.deadline)));
    } catch (error) {
      if (!(error instanceof DurationError)) throw error;
      report({ severity: 'error', message: error.message, label, path: ['deadline-after'] });
      return now;
    }
  };
  return (labels) => (labels.length === 0 ? null : Math.max(...labels.map(deadlineOf)));
}

import type { Diagnostic, Place } from '../base/diagnostic.ts';
import { didYouMean } from '../base/suggest.ts';
import { dependencyOrder } from './dependency-order.ts';
import { aboutTask, type FullTaskSet } from './generate.ts';
import type { DataPath } from './load/source-map.ts';
import { placeInTask } from './load/origins.ts';
import type { Hint, Mistakes } from './mistakes.ts';

/** A mistake that shows only when all tasks are there. */
export interface GraphMistake {
  readonly severity: Diagnostic['severity'];
  readonly message: string;
  /** of the task that it is about */
  readonly label?: string;
  /** where in that task */
  readonly path?: DataPath;
  readonly hint?: Hint;
  /** where it went wrong when that is not in the task's own file: in a plugin */
  readonly place?: Place;
}

/** Adds a mistake about a task of the graph, at the place where the task was written. */
export function reportOnGraph(full: FullTaskSet, mistakes: Mistakes, mistake: GraphMistake): void {
  const { severity, message, label, path = [], hint, place: elsewhere } = mistake;
  const origin = label === undefined ? undefined : full.origins.get(label);
  mistakes.add({
    severity,
    message,
    ...placed(elsewhere, origin === undefined ? undefined : placeInTask(origin, path)),
    ...(label === undefined ? {} : { about: origin === undefined ? label : aboutTask(origin.kind, origin) }),
    ...(hint === undefined ? {} : { hint }),
  });
}

function placed(place: Place | undefined, ofTask: Place | undefined): Pick<Diagnostic, 'place' | 'related'> {
  if (place === undefined) return ofTask === undefined ? {} : { place: ofTask };
  return { place, ...(ofTask === undefined ? {} : { related: [{ message: 'the task', place: ofTask }] }) };
}

/** Every dependency must be a task, and no task may need itself. */
export function checkDependencies(full: FullTaskSet, mistakes: Mistakes): void {
  const { tasks } = full;
  for (const { label, dependencies } of tasks.values()) {
    for (const [name, dependency] of Object.entries(dependencies)) {
      if (tasks.has(dependency)) continue;
      reportOnGraph(full, mistakes, {
        severity: 'error',
        message: `there is no task "${dependency}" to depend on`,
        label,
        path: ['dependencies', name],
        hint: () => unknownHint(dependency, tasks.keys()),
      });
    }
  }
  const ordered = dependencyOrder(tasks.keys(), (label) => Object.values(tasks.get(label)!.dependencies));
  if (!ordered.ok) reportCycle(full, ordered.cycle, mistakes);
}

function unknownHint(label: string, known: Iterable<string>): string | undefined {
  const image = /^docker-image-(.+)$/.exec(label)?.[1];
  const near = didYouMean(label, known);
  if (near?.startsWith('did') || image === undefined) return near;
  return `image "${image}" needs a task of that name in kind "docker-image"`;
}

function reportCycle(full: FullTaskSet, cycle: readonly string[], mistakes: Mistakes): void {
  const places = cycle.slice(0, -1).flatMap((label, index): Place[] => {
    const origin = full.origins.get(label);
    const { dependencies } = full.tasks.get(label)!;
    const name = Object.keys(dependencies).find((key) => dependencies[key] === cycle[index + 1]) ?? '';
    return origin === undefined ? [] : [placeInTask(origin, ['dependencies', name])];
  });
  mistakes.add({
    severity: 'error',
    message: `tasks depend on each other: ${cycle.join(' → ')}`,
    ...(places[0] === undefined ? {} : { place: places[0] }),
    related: places.slice(1).map((place) => ({ message: 'and here', place })),
  });
}

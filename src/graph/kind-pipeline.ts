import { didYouMean } from '../base/suggest.ts';
import type { KindFile } from './load/kind-file.ts';
import type { Mistakes } from './mistakes.ts';
import type { Transform } from './transforms/transform.ts';

export const loaders = {
  'taskgraph.loader.default:loader': ['taskgraph.transforms.run', 'taskgraph.transforms.task'],
  'taskgraph.loader.transform:loader': [],
} as const;

/** A transform that a kind uses, under the name that kind.yml has for it. */
export interface Step {
  readonly name: string;
  readonly transform: Transform;
}

/** The transforms of a kind in their order, the loader's own ones last; null when one is not known. */
export function kindPipeline(
  kind: KindFile,
  known: ReadonlyMap<string, Transform>,
  mistakes: Mistakes,
): readonly Step[] | null {
  const last = Object.hasOwn(loaders, kind.loader) ? loaders[kind.loader as keyof typeof loaders] : null;
  if (last === null)
    reportUnknown(kind, mistakes, {
      name: kind.loader,
      path: ['loader'],
      what: 'loader',
      known: Object.keys(loaders),
    });
  const steps: Step[] = [];
  let isRight = last !== null;
  for (const [index, path] of kind.transforms.entries()) {
    const name = path.endsWith(':transforms') ? path.slice(0, -':transforms'.length) : path;
    const transform = known.get(name);
    if (last?.some((added) => added === name)) {
      isRight = false;
      mistakes.add({
        severity: 'error',
        message: `${name} must not be listed: this kind's loader adds it`,
        place: kind.file.placeOf(['transforms', index]),
        hint: 'take it out, or use "loader: taskgraph.loader.transform:loader"',
      });
    } else if (transform === undefined) {
      isRight = false;
      reportUnknown(kind, mistakes, {
        name,
        path: ['transforms', index],
        what: 'transform',
        known: [...known.keys()],
      });
    } else {
      steps.push({ name, transform });
    }
  }
  if (!isRight) return null;
  return [...steps, ...(last ?? []).map((name) => ({ name, transform: known.get(name)! }))];
}

function reportUnknown(
  kind: KindFile,
  mistakes: Mistakes,
  unknown: { name: string; path: readonly (string | number)[]; what: string; known: readonly string[] },
): void {
  const { name, path, what, known } = unknown;
  const isOld = name === 'taskgraph.transforms.job' || name.startsWith('taskgraph.transforms.job:');
  const near = didYouMean(name, known);
  const hint = isOld
    ? 'since release 6 of taskgraph it is called taskgraph.transforms.run, and "jobs" are called "tasks"'
    : near?.startsWith('did')
      ? near
      : `it is not one of the built-in ones; Python code is not run, ${what}s of one's own in TypeScript are still to come`;
  const message = `there is no ${what} ${name}`;
  mistakes.add({ severity: 'error', message, place: kind.file.placeOf(path), hint });
}

import { didYouMean } from '../base/suggest.ts';
import type { KindFile } from './load/kind-file.ts';
import { modernName } from './load/old-names.ts';
import type { DataPath } from './load/source-map.ts';
import type { Mistakes } from './mistakes.ts';
import type { Registry } from './plugins/registry.ts';
import type { PluginStep } from './plugins/transform-step.ts';
import type { Transform } from './transforms/transform.ts';

export const loaders = {
  'taskgraph.loader.default:loader': ['taskgraph.transforms.run', 'taskgraph.transforms.task'],
  'taskgraph.loader.transform:loader': [],
} as const;

/** A transform that a kind uses, under the name that kind.yml has for it. */
export interface Step {
  readonly name: string;
  readonly transform: Transform | PluginStep;
  /** where kind.yml says so */
  readonly path: DataPath;
}

/** The transforms of a kind in their order, the loader's own ones last; null when one is not known. */
export function kindPipeline(
  kind: KindFile,
  known: Pick<Registry, 'transforms' | 'loaders'>,
  mistakes: Mistakes,
): readonly Step[] | null {
  const { transforms } = known;
  const ownLoader = known.loaders.get(kind.loader);
  const last = ownLoader === undefined ? builtInLoader(kind.loader) : [];
  if (last === null)
    reportUnknown(kind, mistakes, {
      name: kind.loader,
      path: ['loader'],
      what: 'loader',
      known: Object.keys(loaders),
    });
  const steps: Step[] =
    ownLoader === undefined ? [] : [{ name: kind.loader, transform: ownLoader, path: ['loader'] }];
  let isRight = last !== null;
  for (const [index, written] of kind.transforms.entries()) {
    const name = transformName(written);
    const path = ['transforms', index];
    const transform = transforms.get(name);
    if (last?.some((added) => added === name)) {
      isRight = false;
      mistakes.add({
        severity: 'error',
        message: `${name} must not be listed: this kind's loader adds it`,
        place: kind.file.placeOf(path),
        hint: 'take it out, or use "loader: taskgraph.loader.transform:loader"',
      });
    } else if (transform === undefined) {
      isRight = false;
      reportUnknown(kind, mistakes, { name, path, what: 'transform', known: [...transforms.keys()] });
    } else {
      steps.push({ name, transform, path });
    }
  }
  if (!isRight) return null;
  const added = (last ?? []).map((name) => ({ name, transform: transforms.get(name)!, path: ['loader'] }));
  return [...steps, ...added];
}

/** `a.b` and `a.b:transforms` are the same transform. */
export function transformName(written: string): string {
  return written.endsWith(':transforms') ? written.slice(0, -':transforms'.length) : written;
}

/** The transforms that a loader adds; null when it is none of the built-in ones. */
function builtInLoader(name: string): readonly string[] | null {
  return Object.hasOwn(loaders, name) ? loaders[name as keyof typeof loaders] : null;
}

function reportUnknown(
  kind: KindFile,
  mistakes: Mistakes,
  unknown: { name: string; path: readonly (string | number)[]; what: string; known: readonly string[] },
): void {
  const { name, path, what, known } = unknown;
  const near = didYouMean(name, known);
  const hint =
    modernName(name) ?? (near?.startsWith('did') ? near : `it is not one of the built-in ${what}s`);
  const message = `there is no ${what} ${name}`;
  mistakes.add({ severity: 'error', message, place: kind.file.placeOf(path), hint });
}

import { resolve } from 'node:path';
import { didYouMean } from '../../base/suggest.ts';
import { fail } from '../../base/failure.ts';
import { closure, dependencyOrder } from '../dependency-order.ts';
import type { Mistakes } from '../mistakes.ts';
import { type ConfigFile, readConfig } from './config-file.ts';
import { kindNames, type KindFile, readKind } from './kind-file.ts';

/** All that the folder of config.yml says, before any task is made of it. */
export interface Configuration extends ConfigFile {
  /** each after those in its `kind-dependencies` */
  readonly kinds: readonly KindFile[];
}

export interface ConfigurationRequest {
  readonly root: string;
  readonly repository: string;
  /** only these kinds, what they depend on, and docker-image; default: all */
  readonly targetKinds: readonly string[];
}

/** Reads config.yml and every kind.yml; throws a FailureError with all that is wrong in them. */
export function readConfiguration(request: ConfigurationRequest, mistakes: Mistakes): Configuration {
  const { root, repository } = request;
  const folder = resolve(repository, root);
  const config = readConfig(folder, root, mistakes);
  const names = kindNames(folder);
  const kinds = new Map<string, KindFile>();
  for (const name of names) {
    const kind = readKind({ folder, root, all: names }, name, mistakes);
    if (kind !== null) kinds.set(name, kind);
  }
  mistakes.check();
  const ordered = inOrder(kinds, mistakes);
  mistakes.check();
  if (config === null) throw new Error('a config.yml that is wrong was not told to be');
  return { ...config, kinds: wanted(request.targetKinds, kinds, ordered) };
}

function inOrder(kinds: ReadonlyMap<string, KindFile>, mistakes: Mistakes): readonly KindFile[] {
  const ordered = dependencyOrder(kinds.keys(), (name) => kinds.get(name)!.dependencies);
  if (ordered.ok) return ordered.order.map((name) => kinds.get(name)!);
  const places = ordered.cycle.slice(0, -1).map((name, index) => {
    const { file, dependencies } = kinds.get(name)!;
    return file.placeOf(['kind-dependencies', dependencies.indexOf(ordered.cycle[index + 1]!)]);
  });
  mistakes.add({
    severity: 'error',
    message: `kinds depend on each other: ${ordered.cycle.join(' → ')}`,
    place: places[0]!,
    related: places.slice(1).map((place) => ({ message: 'and here', place })),
  });
  return [];
}

function wanted(
  targets: readonly string[],
  kinds: ReadonlyMap<string, KindFile>,
  ordered: readonly KindFile[],
): readonly KindFile[] {
  if (targets.length === 0) return ordered;
  for (const name of targets) {
    if (!kinds.has(name)) fail('usage', `there is no kind "${name}"`, didYouMean(name, kinds.keys()));
  }
  // Every task may need an image, without its kind saying so.
  const needed = closure([...targets, 'docker-image'], (name) => kinds.get(name)?.dependencies ?? []);
  return ordered.filter(({ name }) => needed.has(name));
}

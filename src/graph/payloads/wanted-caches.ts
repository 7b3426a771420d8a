import type { CheckoutLayout } from '../../caches/record.ts';
import {
  type CacheImage,
  type CacheOptions,
  type NamedCache,
  nameCaches,
  type WantedCache,
} from '../caches/name-caches.ts';
import { type Filler, fillerOf } from '../caches/record-of.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import type { Mapping } from '../values/plain.ts';
import { sameValue } from '../values/same-value.ts';
import type { UnfinishedDefinition } from './payload.ts';

/** A cache in `worker.caches` or `worker.mounts`, whatever the keys of its name and place are there. */
export interface CacheEntry {
  readonly entry: Mapping;
  readonly name: unknown;
  readonly place: unknown;
  readonly path: WantedCache['path'];
}

/** What was added to a task of a kind: others want the same, and share it. */
interface Added {
  readonly entries: readonly CacheEntry[];
  readonly filler: Filler;
  readonly named: readonly NamedCache[];
  readonly kept: Mapping;
}
/** The last of each appearance: see {@link appearanceOf}. */
const added = new WeakMap<TransformContext, Map<string, Added>>();

/** Names the caches of a task and keeps their records in the definition, at `extra.caisson.caches`. */
export function addCaches(
  context: TransformContext,
  draft: Draft,
  definition: UnfinishedDefinition,
  entries: readonly CacheEntry[],
  options: CacheOptions,
): readonly NamedCache[] {
  if (entries.length === 0) return [];
  const filler = fillerOf(options);
  let known = added.get(context);
  if (known === undefined) added.set(context, (known = new Map()));
  const appearance = appearanceOf(filler, entries);
  let last = known.get(appearance);
  if (last === undefined || !sameFiller(filler, last.filler) || !sameEntries(entries, last.entries)) {
    const named = nameEntries(context, draft, entries, filler);
    last = { entries, filler, named, kept: { caches: referenced(named, entryOf) } };
    // A mistake is told for every task that has it.
    if (tellTwins(context, draft, named) && named.length === entries.length) known.set(appearance, last);
  }
  if (last.named.length > 0) definition.extra['caisson'] = last.kept;
  return last.named;
}

/** Short, and nearly always enough to tell which tasks have the same caches; what it leaves out is compared. */
function appearanceOf({ implementation, os, user, image }: Filler, entries: readonly CacheEntry[]): string {
  let appearance = `${implementation}\t${os}\t${user}\t${image === undefined ? '' : textOf(image)}`;
  for (const { name, place } of entries) appearance += `\n${String(name)}\t${String(place)}`;
  return appearance;
}

function textOf(image: CacheImage): string {
  if (image.kind === 'string') return image.value;
  return `${image.kind} ${image.kind === 'in-tree' ? image.name : image.namespace}`;
}

function sameFiller(a: Filler, b: Filler): boolean {
  const isSame = a.implementation === b.implementation && a.os === b.os && a.user === b.user;
  return isSame && sameValue(a.image, b.image);
}

const ofEntry = ['key', 'vary-on', 'share-down', 'commit-on', 'on-conflict', 'backend', 'checkout'] as const;

function sameEntries(some: readonly CacheEntry[], others: readonly CacheEntry[]): boolean {
  if (some.length !== others.length) return false;
  for (const [i, { name, place, entry }] of some.entries()) {
    const other = others[i]!;
    if (name !== other.name || place !== other.place) return false;
    for (const key of ofEntry)
      if (entry[key] !== other.entry[key] && !sameValue(entry[key], other.entry[key])) return false;
  }
  return true;
}

function nameEntries(
  context: TransformContext,
  draft: Draft,
  entries: readonly CacheEntry[],
  filler: Filler,
): readonly NamedCache[] {
  return nameCaches(
    context,
    draft,
    entries.map(({ entry, name, place, path }) => ({
      shortName: String(name),
      mountPoint: String(place),
      path,
      ...('key' in entry ? { key: entry['key'] } : {}),
      ...('vary-on' in entry ? { varyOn: entry['vary-on'] as string[] } : {}),
      ...('share-down' in entry ? { shareDown: entry['share-down'] as boolean } : {}),
      ...('commit-on' in entry ? { commitOn: entry['commit-on'] as string } : {}),
      ...('on-conflict' in entry ? { onConflict: entry['on-conflict'] as string } : {}),
      ...('backend' in entry ? { backend: entry['backend'] as string } : {}),
      ...('checkout' in entry ? { checkout: entry['checkout'] as CheckoutLayout } : {}),
    })),
    filler,
  );
}

/** A payload has one mount point for a name: the first of two would be lost. True when there is nothing to tell. */
function tellTwins(context: TransformContext, draft: Draft, named: readonly NamedCache[]): boolean {
  let isRight = true;
  const places = new Map<string, string>();
  for (const { name, wanted } of named) {
    const other = places.get(name);
    if (other === undefined) {
      places.set(name, wanted.mountPoint);
      continue;
    }
    isRight = false;
    const message = `the cache "${wanted.shortName}" is mounted twice, at ${other} and at ${wanted.mountPoint}`;
    const hint = 'give one of them another name';
    context.report({ severity: 'error', message, draft, path: wanted.path, hint });
  }
  return isRight;
}

/** A mapping by cache name; a task-reference when names hold the id of a task that does not exist yet. */
export function referenced(named: readonly NamedCache[], valueOf: (cache: NamedCache) => unknown): Mapping {
  const mapping = Object.fromEntries(named.map((cache) => [cache.name, valueOf(cache)]));
  return named.some(({ name }) => name.includes('<')) ? { 'task-reference': mapping } : mapping;
}

function entryOf({ wanted, record }: NamedCache): Mapping {
  return {
    shortName: wanted.shortName,
    mountPoint: wanted.mountPoint,
    record,
    ...(wanted.commitOn === undefined ? {} : { commitOn: wanted.commitOn }),
    ...(wanted.shareDown === undefined ? {} : { shareDown: wanted.shareDown }),
    ...(wanted.onConflict === undefined ? {} : { onConflict: wanted.onConflict }),
    ...(wanted.backend === undefined ? {} : { backend: wanted.backend }),
  };
}

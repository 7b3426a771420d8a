import type { CheckoutLayout } from '../../caches/record.ts';
import { type CacheOptions, type NamedCache, nameCaches, type WantedCache } from '../caches/name-caches.ts';
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
  if (last === undefined || !sameSettings(entries, last.entries)) {
    const named = nameEntries(context, draft, entries, filler);
    last = { entries, named, kept: { caches: referenced(named, entryOf) } };
    // A mistake is told for every task that has it.
    if (tellTwins(context, draft, named) && named.length === entries.length) known.set(appearance, last);
  }
  if (last.named.length > 0) definition.extra['caisson'] = last.kept;
  return last.named;
}

/** The filler, names, places and where they are written, which finds the mount again: what it leaves out is compared. */
function appearanceOf(filler: Filler, entries: readonly CacheEntry[]): string {
  return JSON.stringify([
    filler,
    entries.map(({ name, place, path }) => [String(name), String(place), ...path]),
  ]);
}

const ofEntry = ['key', 'vary-on', 'share-down', 'commit-on', 'on-conflict', 'backend', 'checkout'] as const;

/** Of entries that look alike. */
function sameSettings(some: readonly CacheEntry[], others: readonly CacheEntry[]): boolean {
  return some.every(({ entry }, i) => {
    const other = others[i]!.entry;
    return ofEntry.every((key) => sameValue(entry[key], other[key]));
  });
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

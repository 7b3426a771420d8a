import type { CheckoutLayout } from '../../caches/record.ts';
import { type CacheOptions, type NamedCache, nameCaches, type WantedCache } from '../caches/name-caches.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import type { Mapping } from '../values/plain.ts';
import type { UnfinishedDefinition } from './payload.ts';

/** Names the caches of a task and keeps their records in the definition, at `extra.caisson.caches`. */
export function addCaches(
  context: TransformContext,
  draft: Draft,
  definition: UnfinishedDefinition,
  entries: readonly {
    readonly entry: Mapping;
    readonly name: unknown;
    readonly place: unknown;
    readonly path: WantedCache['path'];
  }[],
  options: CacheOptions,
): readonly NamedCache[] {
  const named = nameCaches(
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
      ...('checkout' in entry ? { checkout: entry['checkout'] as CheckoutLayout } : {}),
    })),
    options,
  );
  tellTwins(context, draft, named);
  if (named.length > 0) definition.extra['caisson'] = { caches: referenced(named, entryOf) };
  return named;
}

/** A payload has one mount point for a name: the first of two would be lost. */
function tellTwins(context: TransformContext, draft: Draft, named: readonly NamedCache[]): void {
  const places = new Map<string, string>();
  for (const { name, wanted } of named) {
    const other = places.get(name);
    if (other === undefined) {
      places.set(name, wanted.mountPoint);
      continue;
    }
    const message = `the cache "${wanted.shortName}" is mounted twice, at ${other} and at ${wanted.mountPoint}`;
    const hint = 'give one of them another name';
    context.report({ severity: 'error', message, draft, path: wanted.path, hint });
  }
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
  };
}

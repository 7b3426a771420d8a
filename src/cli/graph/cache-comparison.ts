import { compareCodePoints } from '../../base/hash.ts';
import { compareRecords } from '../../caches/name.ts';
import type { IngredientChange } from '../../caches/ingredient-change.ts';
import type { CacheUse } from './cache-uses.ts';

/** A cache that tasks have now in place of another one that they had. */
export interface ChangedCache {
  readonly shortName: string;
  readonly before: string;
  readonly after: string;
  /** false: other tasks had that cache before already, so it need not be empty */
  readonly cold: boolean;
  readonly changes: readonly IngredientChange[];
  readonly mountPoints: readonly string[];
  /** labels */
  readonly tasks: readonly string[];
}

export interface LoneCache {
  readonly name: string;
  readonly shortName: string;
  readonly mountPoints: readonly string[];
  readonly tasks: readonly string[];
}

export interface CacheComparison {
  readonly changed: readonly ChangedCache[];
  /** nothing had them before, and no task had another one in their place */
  readonly added: readonly LoneCache[];
  /** nothing has them any more, and no task has another one in their place */
  readonly gone: readonly LoneCache[];
  /** how many names are the same on both sides */
  readonly unchanged: number;
}

/**
 * Pairs the caches of two compilations by task and mount point, or where a cache has moved by task and its author's name,
 * and tells which are not the same any more.
 */
export function compareCaches(before: readonly CacheUse[], after: readonly CacheUse[]): CacheComparison {
  const known = new Set(before.map(identityOf));
  const kept = new Set(after.map(identityOf));
  const partnerOf = pair(before, after);
  const changed = new Map<string, { from: CacheUse; uses: CacheUse[] }>();
  const added: CacheUse[] = [];
  for (const use of after) {
    const from = partnerOf.get(use);
    if (from === undefined) {
      if (!known.has(identityOf(use))) added.push(use);
    } else if (identityOf(from) !== identityOf(use)) {
      const key = JSON.stringify([identityOf(from), identityOf(use)]);
      const group = changed.get(key);
      if (group === undefined) changed.set(key, { from, uses: [use] });
      else group.uses.push(use);
    }
  }
  const replaced = new Set([...partnerOf.values()].map(identityOf));
  const gone = before.filter((use) => !kept.has(identityOf(use)) && !replaced.has(identityOf(use)));
  const unreplaced = new Set([...changed.values()].flatMap(({ uses }) => uses.map(identityOf)));
  return {
    changed: [...changed.values()].map(({ from, uses }) => changedCache(from, uses, known)).sort(byNames),
    added: grouped(added.filter((use) => !unreplaced.has(identityOf(use)))),
    gone: grouped(gone),
    unchanged: [...kept].filter((name) => known.has(name)).length,
  };
}

/** The name, and for an image that is built in-tree what it is built from: that decides the end of the name. */
function identityOf({ name, builtImage }: CacheUse): string {
  return builtImage === null ? name : JSON.stringify([name, builtImage]);
}

function pair(before: readonly CacheUse[], after: readonly CacheUse[]): Map<CacheUse, CacheUse> {
  const partnerOf = new Map<CacheUse, CacheUse>();
  const taken = new Set<CacheUse>();
  for (const part of ['mountPoint', 'shortName'] as const) {
    const keyOf = (use: CacheUse): string => JSON.stringify([use.label, use[part]]);
    const free = new Map(before.filter((use) => !taken.has(use)).map((use) => [keyOf(use), use]));
    for (const use of after) {
      const partner = partnerOf.has(use) ? undefined : free.get(keyOf(use));
      if (partner === undefined || taken.has(partner)) continue;
      partnerOf.set(use, partner);
      taken.add(partner);
    }
  }
  return partnerOf;
}

function changedCache(from: CacheUse, uses: readonly CacheUse[], known: ReadonlySet<string>): ChangedCache {
  const to = uses[0]!;
  const changes = [...compareRecords(from.record, to.record)];
  if (from.builtImage !== to.builtImage) {
    const ingredient = 'built image';
    changes.push({ ingredient, before: from.builtImage ?? undefined, after: to.builtImage ?? undefined });
  }
  return {
    shortName: to.shortName,
    before: from.name,
    after: to.name,
    cold: !known.has(identityOf(to)),
    changes,
    ...usedBy(uses),
  };
}

function grouped(uses: readonly CacheUse[]): LoneCache[] {
  const groups = new Map<string, CacheUse[]>();
  for (const use of uses) groups.set(identityOf(use), [...(groups.get(identityOf(use)) ?? []), use]);
  return [...groups.values()]
    .map((group) => ({ name: group[0]!.name, shortName: group[0]!.shortName, ...usedBy(group) }))
    .sort((a, b) => compareCodePoints(a.name, b.name));
}

function usedBy(uses: readonly CacheUse[]): { mountPoints: readonly string[]; tasks: readonly string[] } {
  const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].sort(compareCodePoints);
  return {
    mountPoints: sorted(uses.map(({ mountPoint }) => mountPoint)),
    tasks: sorted(uses.map(({ label }) => label)),
  };
}

function byNames(a: ChangedCache, b: ChangedCache): number {
  return compareCodePoints(a.before, b.before) || compareCodePoints(a.after, b.after);
}

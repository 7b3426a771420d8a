import type { CacheIdentity, LayerName, LeaseBody, Owner, Seal } from '../ledger/entry.ts';
import type { CacheRecord } from '../record.ts';
import type { GenerationName, Holder } from '../store.ts';

/** What exists: the fold of the ledger's entries. Changed by `apply.ts` alone. */
export interface State {
  readonly instances: Map<string, Instance>;
  readonly leases: Map<string, OpenLease>;
  /** trees that are being made of others */
  readonly works: Map<string, OpenWork>;
  readonly layers: Map<LayerName, Layer>;
  /** every name that was leased, by {@link nameKey}: so that a cold start can be explained */
  readonly names: Map<string, KnownName>;
  /** number of generations ever committed: gives them an order */
  commits: number;
}

export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly trustDomain: string;
  readonly level: string;
  readonly shortName: string;
  readonly created: string;
  lastUsed: string;
  /** ascending, never empty: the last is served, earlier ones are there in case that it is refused or purged */
  generations: Generation[];
  /** number of the next one */
  next: number;
}

export interface Generation {
  readonly number: number;
  /** larger is newer, over all instances */
  readonly order: number;
  readonly at: string;
  /** uppermost first */
  chain: readonly LayerName[];
  readonly requirements: readonly string[] | null;
  readonly record: CacheRecord | null;
  readonly shareDown: boolean;
  readonly writer: Holder;
  readonly from: GenerationName | null;
  /** how long the run took that filled the line from empty, in seconds */
  readonly fillSeconds: number;
}

export interface Layer {
  readonly seal: Seal;
  /** boot in which it was written */
  readonly boot: string;
  settled: boolean;
  size: { readonly bytes: number; readonly files: number } | null;
}

export interface OpenLease extends Omit<LeaseBody, 'kind'> {
  readonly at: string;
  readonly owner: Owner;
  /** `chain` as it is now that layers were merged: what a commit builds upon */
  base: readonly LayerName[];
  /** why nothing of it can be committed any more; null while it can */
  spoiled: string | null;
}

export interface OpenWork {
  readonly id: string;
  readonly level: string;
  readonly owner: Owner;
}

export interface KnownName extends CacheIdentity {
  lastUsed: string;
  /** what became of the last instance */
  fate: { readonly at: string; readonly what: string } | null;
}

export function emptyState(): State {
  return {
    instances: new Map(),
    leases: new Map(),
    works: new Map(),
    layers: new Map(),
    names: new Map(),
    commits: 0,
  };
}

/** Levels are apart: one name at two levels is two caches. */
export function nameKey({ level, name }: { readonly level: string; readonly name: string }): string {
  return `${level}/${name}`;
}

export function instancesOf(
  state: State,
  cache: { readonly level: string; readonly name: string },
): Instance[] {
  return [...state.instances.values()].filter(
    ({ level, name }) => level === cache.level && name === cache.name,
  );
}

export function newest(instance: Instance): Generation {
  return instance.generations[instance.generations.length - 1]!;
}

/** Every layer that must stay on disk: of generations, and what open leases have mounted or are writing. */
export function layersInUse(state: State): Set<LayerName> {
  const used = new Set<LayerName>();
  for (const { generations } of state.instances.values())
    for (const { chain } of generations) for (const layer of chain) used.add(layer);
  for (const { id, cache, chain, base } of state.leases.values()) {
    for (const layer of [...chain, ...base]) used.add(layer);
    used.add(`${cache.level}/${id}`);
  }
  for (const { id, level } of state.works.values()) used.add(`${level}/${id}`);
  return used;
}

/** Where the tree of a warm direct lease is: the lease works in it. Null for all others. */
export function treeInPlace({ backEnd, chain }: Pick<OpenLease, 'backEnd' | 'chain'>): LayerName | null {
  return backEnd === 'direct' ? (chain[0] ?? null) : null;
}

import type { CommitBody, Entry, LayerName, PurgeTarget } from '../ledger/entry.ts';
import { unreachable } from '../../base/result.ts';
import { restoreState } from './checkpoint.ts';
import {
  emptyState,
  type Generation,
  type Instance,
  instancesOf,
  layersInUse,
  nameKey,
  newest,
  type OpenLease,
  type State,
  treeInPlace,
} from './state.ts';

/** The fold: changes `state` by what the entry says. No I/O, no clock; an entry that refers to what is gone does nothing. */
export function applyEntry(state: State, entry: Entry): void {
  switch (entry.kind) {
    case 'begin':
      Object.assign(state, entry.state === null ? emptyState() : restoreState(entry.state));
      return;
    case 'close':
      return;
    case 'lease':
      return openLease(state, entry);
    case 'commit':
      return endLease(state, entry.lease, (lease) => commit(state, entry, lease));
    case 'unchanged':
      return endLease(state, entry.lease, () => undefined);
    case 'roll-back':
      return endLease(state, entry.lease, (lease) => rollBack(state, entry, lease));
    case 'refuse':
      return refuse(state, entry);
    case 'purge':
      return purge(state, entry.at, entry.what, `purged by ${entry.why}`);
    case 'evict':
      return dropInstances(state, entry.at, entry);
    case 'work':
      state.works.set(entry.id, { id: entry.id, level: entry.level, owner: entry.by });
      return;
    case 'compact':
      return compact(state, entry);
    case 'abandon':
      state.works.delete(entry.work);
      return;
    case 'measure':
      for (const { name, bytes, files, settled } of entry.layers) {
        const layer = state.layers.get(name);
        if (layer === undefined) continue;
        layer.size = { bytes, files };
        layer.settled ||= settled;
      }
      return;
    default:
      return unreachable(entry);
  }
}

function openLease(state: State, entry: Extract<Entry, { kind: 'lease' }>): void {
  const { id, cache, mountPoint, holder, backEnd, onConflict, from, chain, warmth, at, by } = entry;
  const body = { id, cache, mountPoint, holder, backEnd, onConflict, from, chain, warmth };
  state.leases.set(id, { ...body, at, owner: by, base: chain, spoiled: null });
  const fate = state.names.get(nameKey(cache))?.fate ?? null;
  state.names.set(nameKey(cache), { ...cache, lastUsed: at, fate });
  const instance = from === null ? undefined : state.instances.get(from.instance);
  if (instance !== undefined) instance.lastUsed = at;
}

function endLease(state: State, id: string, end: (lease: OpenLease) => void): void {
  const lease = state.leases.get(id);
  if (lease === undefined) return;
  state.leases.delete(id);
  end(lease);
  const { from, chain, base } = lease;
  const generation = from === null ? undefined : findGeneration(state, from.instance, from.number);
  // Seldom: what it had mounted is nobody else's any more.
  const isLast = [...chain, ...base].some((layer) => !generation?.chain.includes(layer));
  if (isLast) forgetLayers(state);
}

function commit(state: State, entry: Extract<Entry, { kind: 'commit' }>, lease: OpenLease): void {
  const { name, seal, settled } = entry.layer;
  state.layers.set(name, { seal, boot: entry.by.boot, settled, size: null });
  const generation = generationOf(state, lease, entry);
  const instance = state.instances.get(entry.instance);
  if (instance === undefined) {
    const { name: cacheName, trustDomain, level, shortName } = lease.cache;
    const what = { id: entry.instance, name: cacheName, trustDomain, level, shortName };
    const times = { created: entry.at, lastUsed: entry.at };
    state.instances.set(what.id, {
      ...what,
      ...times,
      generations: [generation],
      next: entry.generation + 1,
    });
  } else {
    // What a direct lease worked in is no longer what earlier generations were.
    const kept = treeInPlace(lease) === null ? instance.generations : [];
    instance.generations = [...kept, generation];
    instance.next = entry.generation + 1;
    instance.lastUsed = entry.at;
  }
  const known = state.names.get(nameKey(lease.cache));
  if (known !== undefined) known.fate = null;
}

function generationOf(
  state: State,
  lease: OpenLease,
  entry: CommitBody & { readonly at: string },
): Generation {
  const start =
    lease.from === null ? undefined : findGeneration(state, lease.from.instance, lease.from.number);
  const seconds = Math.max(0, (Date.parse(entry.at) - Date.parse(lease.at)) / 1000);
  return {
    number: entry.generation,
    order: ++state.commits,
    at: entry.at,
    chain: treeInPlace(lease) === null ? [entry.layer.name, ...lease.base] : lease.base,
    requirements: entry.requirements,
    record: lease.cache.record,
    shareDown: lease.cache.shareDown,
    writer: lease.holder,
    from: lease.from,
    fillSeconds: start?.fillSeconds ?? seconds,
  };
}

function rollBack(state: State, entry: Extract<Entry, { kind: 'roll-back' }>, lease: OpenLease): void {
  const what = `rolled back: ${entry.why}`;
  const tree = treeInPlace(lease);
  if (tree !== null) drop(state, entry.at, what, ({ chain }) => chain.includes(tree));
  else if (lease.spoiled === null && instancesOf(state, lease.cache).length === 0)
    setFate(state, nameKey(lease.cache), entry.at, what);
}

function refuse(state: State, { at, layers, why }: Extract<Entry, { kind: 'refuse' }>): void {
  const isHit = (chain: readonly LayerName[]): boolean => chain.some((layer) => layers.includes(layer));
  for (const lease of state.leases.values())
    if (isHit(lease.chain) || isHit(lease.base)) lease.spoiled ??= why;
  drop(state, at, `refused: ${why}`, ({ chain }) => isHit(chain));
}

function purge(state: State, at: string, what: PurgeTarget, why: string): void {
  if (what.kind === 'generations') {
    const wanted = new Set(what.generations.map(({ instance, number }) => `${instance} ${number}`));
    // Also those that nobody can lease any more, but a run may still have mounted.
    for (const lease of state.leases.values()) {
      const { from } = lease;
      const isHit = from !== null && wanted.has(`${from.instance} ${from.number}`);
      if (isHit || what.leases.includes(lease.id)) lease.spoiled ??= why;
    }
    return drop(state, at, why, ({ number }, { id }) => wanted.has(`${id} ${number}`));
  }
  drop(state, at, why, (_, { name }) => name === what.name);
  for (const lease of state.leases.values()) if (lease.cache.name === what.name) lease.spoiled ??= why;
  for (const [key, { name }] of state.names) if (name === what.name) setFate(state, key, at, why);
}

export function dropInstances(
  state: State,
  at: string,
  { instances, why }: { readonly instances: readonly string[]; readonly why: string },
): void {
  drop(state, at, `evicted: ${why}`, (_, { id }) => instances.includes(id));
}

/** Gives up generations, and with each the later ones of its line: they were built upon it. */
function drop(
  state: State,
  at: string,
  why: string,
  isHit: (generation: Generation, instance: Instance) => boolean,
): void {
  const hit = new Set<string>();
  for (const instance of state.instances.values()) {
    const first = instance.generations.findIndex((generation) => isHit(generation, instance));
    if (first < 0) continue;
    for (const { number } of instance.generations.slice(first)) hit.add(`${instance.id} ${number}`);
    instance.generations = instance.generations.slice(0, first);
    if (instance.generations.length > 0) continue;
    state.instances.delete(instance.id);
    if (instancesOf(state, instance).length === 0) setFate(state, nameKey(instance), at, why);
  }
  for (const lease of state.leases.values()) {
    if (lease.from !== null && hit.has(`${lease.from.instance} ${lease.from.number}`)) lease.spoiled ??= why;
  }
  forgetLayers(state);
}

function compact(state: State, entry: Extract<Entry, { kind: 'compact' }>): void {
  const work = state.works.get(entry.work);
  if (work === undefined) return;
  state.works.delete(entry.work);
  const { name, seal, settled } = entry.layer;
  state.layers.set(name, { seal, boot: entry.by.boot, settled, size: null });
  const replaced = (chain: readonly LayerName[]): readonly LayerName[] =>
    endsWith(chain, entry.chain) ? [...chain.slice(0, chain.length - entry.chain.length), name] : chain;
  for (const instance of state.instances.values()) {
    for (const generation of instance.generations) generation.chain = replaced(generation.chain);
    // Earlier generations would keep the layers that were just merged.
    const served = newest(instance);
    if (!served.chain.includes(name)) continue;
    instance.generations = instance.generations.filter(({ chain }) => chain.includes(name));
  }
  for (const lease of state.leases.values()) lease.base = replaced(lease.base);
  forgetLayers(state);
}

function endsWith(chain: readonly LayerName[], end: readonly LayerName[]): boolean {
  const skipped = chain.length - end.length;
  return skipped >= 0 && end.every((layer, i) => chain[skipped + i] === layer);
}

function forgetLayers(state: State): void {
  const used = layersInUse(state);
  for (const name of state.layers.keys()) if (!used.has(name)) state.layers.delete(name);
}

function setFate(state: State, key: string, at: string, what: string): void {
  const known = state.names.get(key);
  if (known !== undefined) known.fate = { at, what };
}

export function findGeneration(state: State, instance: string, number: number): Generation | undefined {
  return state.instances.get(instance)?.generations.find((generation) => generation.number === number);
}

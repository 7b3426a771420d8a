import { type Instance, newest, type State } from '../state/state.ts';
import type { CacheListing, InstanceListing } from '../store.ts';
import type { Layout } from '../trees/layout.ts';

/** Every cache with its instances, by name and level. */
export function listCaches(state: State, layout: Layout): CacheListing[] {
  const listings = new Map<string, CacheListing & { instances: InstanceListing[] }>();
  const sorted = [...state.instances.values()].sort(
    (a, b) => compare(a.name, b.name) || compare(a.level, b.level),
  );
  for (const instance of sorted) {
    const { name, trustDomain, level } = instance;
    const key = `${level}/${name}`;
    const listing = listings.get(key) ?? { name, trustDomain, level, instances: [] };
    listing.instances.push(listInstance(state, layout, instance));
    listings.set(key, listing);
  }
  return [...listings.values()];
}

function listInstance(state: State, layout: Layout, instance: Instance): InstanceListing {
  const { id, created, lastUsed } = instance;
  const { number, chain, writer } = newest(instance);
  const sizes = chain.map((name) => state.layers.get(name)?.size ?? { bytes: 0, files: 0 });
  const isLeased = [...state.leases.values()].some(({ from }) => from?.instance === id);
  return {
    id,
    state: isLeased ? 'leased' : 'idle',
    generations: number,
    layers: chain.length,
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    files: sizes.reduce((sum, { files }) => sum + files, 0),
    created,
    lastUsed,
    writer,
    directories: chain.map((name) => layout.layer(name)),
  };
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

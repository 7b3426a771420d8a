import { type Instance, nameKey, newest, type State } from '../state/state.ts';
import type { CacheListing, FillingListing, InstanceListing } from '../store.ts';
import type { Layout } from '../trees/layout.ts';

/** Every cache that has instances or is being filled, by name and level. */
export function listCaches(state: State, layout: Layout): CacheListing[] {
  const listings = new Map<string, Listing>();
  const listingOf = ({ name, trustDomain, level }: Identity): Listing => {
    const key = nameKey({ level, name });
    const listing = listings.get(key) ?? { name, trustDomain, level, instances: [], filling: [] };
    listings.set(key, listing);
    return listing;
  };
  for (const instance of state.instances.values())
    listingOf(instance).instances.push(listInstance(state, layout, instance));
  for (const { cache, from, holder, at } of state.leases.values())
    if (from === null) listingOf(cache).filling.push({ ...holder, since: at });
  return [...listings.values()].sort((a, b) => compare(a.name, b.name) || compare(a.level, b.level));
}

type Identity = Pick<CacheListing, 'name' | 'trustDomain' | 'level'>;

interface Listing extends CacheListing {
  readonly instances: InstanceListing[];
  readonly filling: FillingListing[];
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

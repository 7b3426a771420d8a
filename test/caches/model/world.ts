import type { Tree } from './view.ts';

/**
 * What the store promises, in memory and without files: docs/store.md said again, as simply as possible. Every operation
 * is a list of steps, each of which happens or does not; a world is never changed, a step makes a new one.
 */
export interface World {
  readonly instances: readonly Instance[];
  readonly leases: readonly Leased[];
  /** commits so far: a later generation is newer */
  readonly order: number;
}

export interface Instance {
  readonly id: string;
  readonly cache: Cache;
  /** ascending; the last is served */
  readonly generations: readonly Generation[];
  /** number of the next one: none is used twice */
  readonly next: number;
}

export interface Cache {
  readonly name: string;
  readonly level: string;
  readonly shareDown: boolean;
}

export interface Generation {
  readonly number: number;
  readonly order: number;
  /** layers, uppermost first */
  readonly chain: readonly string[];
  readonly tree: Tree;
  readonly shareDown: boolean;
  /** tasks that wrote it or something that it was built upon */
  readonly tasks: readonly string[];
}

export interface Leased {
  readonly id: string;
  readonly owner: string;
  readonly task: string;
  readonly cache: Cache;
  readonly wanted: 'overlay' | 'direct';
  readonly onConflict: 'auto' | 'own' | 'drop';
  readonly from: { readonly instance: string; readonly generation: Generation } | null;
  /** as it is after merges */
  readonly base: readonly string[];
  readonly isSpoiled: boolean;
  /** the store could not say yet that it was rolled back */
  readonly isOwed: boolean;
}

export const empty: World = { instances: [], leases: [], order: 0 };

export function newest({ generations }: Instance): Generation {
  return generations.at(-1)!;
}

export function isSameCache(a: Cache, b: Cache): boolean {
  return a.name === b.name && a.level === b.level;
}

/** The tree that a warm direct lease works in. */
export function placeOf({ wanted, from }: Leased): string | null {
  return wanted === 'direct' ? (from?.generation.chain[0] ?? null) : null;
}

/** Who asks: an owner that the files have to have, if any, and whether the engine can show them as another's. */
export interface User {
  readonly owner: number | null;
  readonly maps: boolean;
  /** another's will do although there are some of that owner: it was asked before these were there */
  readonly isAsked?: boolean;
}

export const requirementsName = '.cacherequires';

export function requirementsOf(owner: number): string {
  return `gid=${owner}\nuid=${owner}\nversion=1\n`;
}

/** As the requirements in the tree say; null when there are none. */
export function ownerOf(tree: Tree): number | null {
  const id = /^uid=(\d+)$/m.exec(tree.get(requirementsName) ?? '')?.[1];
  return id === undefined ? null : Number(id);
}

/** What a lease would start from. */
export function choose(
  { instances, leases }: World,
  cache: Cache,
  wanted: Leased['wanted'],
  { owner, maps, isAsked = false }: User,
): Leased['from'] {
  const places = leases.flatMap((lease) => placeOf(lease) ?? []);
  const mounted = leases.flatMap(({ from, base }) => [...(from?.generation.chain ?? []), ...base]);
  const isFree = (instance: Instance): boolean => {
    const { chain } = newest(instance);
    if (wanted === 'overlay') return !chain.some((layer) => places.includes(layer));
    const users = instances.flatMap(({ generations }) =>
      generations.filter((generation) => generation.chain.includes(chain[0] ?? '')),
    );
    return chain.length === 1 && users.length === 1 && !chain.some((layer) => mounted.includes(layer));
  };
  const own = instances.filter((instance) => isSameCache(instance.cache, cache));
  const above = instances.filter(
    (instance) =>
      wanted === 'overlay' &&
      cache.shareDown &&
      newest(instance).shareDown &&
      instance.cache.level > cache.level,
  );
  const possible = own.length > 0 ? own : above.filter(isFree);
  const owned = (instance: Instance): number | null => ownerOf(newest(instance).tree);
  const fitting = possible.filter((instance) => owner === null || owned(instance) === owner);
  const isMapped = (isAsked || fitting.length === 0) && maps && wanted === 'overlay';
  const [found] = (isMapped ? possible.filter((instance) => owned(instance) !== null) : fitting)
    .filter(isFree)
    .sort((a, b) => newest(b).order - newest(a).order);
  return found === undefined ? null : { instance: found.id, generation: newest(found) };
}

export function open(world: World, lease: Leased): World {
  return { ...world, leases: [...world.leases, lease] };
}

/** What a commit becomes; null: it is rolled back. */
export function decide(
  { instances }: World,
  lease: Leased,
): { readonly instance: string | null; readonly isOwn: boolean } | null {
  if (lease.isSpoiled) return null;
  const own = instances.filter((instance) => isSameCache(instance.cache, lease.cache));
  const line = own.find(({ id }) => id === lease.from?.instance);
  if (placeOf(lease) !== null) return line === undefined ? null : { instance: line.id, isOwn: false };
  if (line !== undefined && newest(line).number === lease.from?.generation.number)
    return { instance: line.id, isOwn: false };
  if (own.length === 0) return { instance: null, isOwn: false };
  const isKept =
    lease.onConflict === 'own' ||
    (lease.onConflict === 'auto' && (lease.from === null || line === undefined));
  return isKept && own.length < 4 ? { instance: null, isOwn: true } : null;
}

export function commit(world: World, lease: Leased, tree: Tree): World {
  const decision = decide(world, lease);
  if (decision === null) return rollBack(world, lease);
  const place = placeOf(lease);
  const line = world.instances.find(({ id }) => id === decision.instance);
  const generation: Generation = {
    number: line?.next ?? 1,
    order: world.order + 1,
    chain: place === null ? [`${lease.cache.level}/${lease.id}`, ...lease.base] : lease.base,
    tree,
    shareDown: lease.cache.shareDown,
    tasks: [lease.task, ...(lease.from?.generation.tasks ?? [])],
  };
  const instance: Instance = {
    id: line?.id ?? lease.id,
    cache: lease.cache,
    generations: [...(place === null ? (line?.generations ?? []) : []), generation],
    next: generation.number + 1,
  };
  const others = world.instances.filter(({ id }) => id !== instance.id);
  return { instances: [...others, instance], leases: without(world, lease), order: world.order + 1 };
}

export function end(world: World, lease: Leased): World {
  return { ...world, leases: without(world, lease) };
}

function without({ leases }: World, { id }: Leased): Leased[] {
  return leases.filter((other) => other.id !== id);
}

/** A tree that was worked in is given up, and all that has it in its chain. */
export function rollBack(world: World, lease: Leased): World {
  const place = placeOf(lease);
  const after = end(world, lease);
  return place === null ? after : drop(after, ({ chain }) => chain.includes(place));
}

export function purge(world: World, name: string): World {
  const after = drop(world, (_, { cache }) => cache.name === name);
  return spoil(after, ({ cache }) => cache.name === name);
}

/** Everything that came of a task. */
export function purgeTask(world: World, task: string): World {
  const after = drop(world, ({ tasks }) => tasks.includes(task));
  return spoil(after, (lease) => lease.task === task || lease.from?.generation.tasks.includes(task) === true);
}

export function refuse(world: World, layer: string): World {
  const after = drop(world, ({ chain }) => chain.includes(layer));
  return spoil(
    after,
    ({ from, base }) => from?.generation.chain.includes(layer) === true || base.includes(layer),
  );
}

export function evict(world: World, instance: string): World {
  return drop(world, (_, { id }) => id === instance);
}

export function drop(world: World, isHit: (generation: Generation, instance: Instance) => boolean): World {
  const hit = new Set<string>();
  const instances = world.instances.flatMap((instance) => {
    const first = instance.generations.findIndex((generation) => isHit(generation, instance));
    if (first < 0) return [instance];
    for (const { number } of instance.generations.slice(first)) hit.add(`${instance.id} ${number}`);
    const generations = instance.generations.slice(0, first);
    return generations.length === 0 ? [] : [{ ...instance, generations }];
  });
  return spoil(
    { ...world, instances },
    ({ from }) => from !== null && hit.has(`${from.instance} ${from.generation.number}`),
  );
}

export function spoil(world: World, isHit: (lease: Leased) => boolean): World {
  const leases = world.leases.map((lease) => (isHit(lease) ? { ...lease, isSpoiled: true } : lease));
  return { ...world, leases };
}

/** `chain` was merged into `layer`; generations that do not lie upon it are no longer kept by their instance. */
export function merge(world: World, chain: readonly string[], layer: string): World {
  const replaced = (old: readonly string[]): readonly string[] =>
    old.slice(-chain.length).join() === chain.join() && old.length >= chain.length
      ? [...old.slice(0, old.length - chain.length), layer]
      : old;
  const instances = world.instances.map((instance) => {
    const generations = instance.generations.map((generation) => ({
      ...generation,
      chain: replaced(generation.chain),
    }));
    const isServed = generations.at(-1)!.chain.includes(layer);
    return {
      ...instance,
      generations: isServed ? generations.filter((one) => one.chain.includes(layer)) : generations,
    };
  });
  return {
    ...world,
    instances,
    leases: world.leases.map((lease) => ({ ...lease, base: replaced(lease.base) })),
  };
}

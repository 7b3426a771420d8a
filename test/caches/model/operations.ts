import * as fs from 'node:fs';
import { err, ok } from '../../../src/base/result.ts';
import type { BackEnd, CommitOutcome, GenerationName, Lease } from '../../../src/caches/store.ts';
import { requestOf } from '../store-request.ts';
import type { Held, History, Process } from './history.ts';
import { isLiving } from './machine.ts';
import { checkOwner, require, tamper, writable, write } from './tree-work.ts';
import { isSame, readLayers, type Tree } from './view.ts';
import * as model from './world.ts';
import type { Cache, Leased, World } from './world.ts';

export interface Operation {
  readonly title: string;
  readonly process: Process;
  /** takes place at one instant: others may be put into it */
  readonly isSimple: boolean;
  perform(): Promise<unknown>;
  /** the worlds that there may be when it has begun, and somebody else comes in between; default: as before it */
  readonly begun?: (world: World) => World[];
  /** the worlds that it may lead to, given what was seen; none when it cannot have been seen */
  after(world: World, observed: Observed): World[];
}

export type Observed =
  | {
      readonly kind: 'done';
      readonly seen: unknown;
      readonly isTroubled: boolean;
      readonly isRaced?: boolean;
    }
  | { readonly kind: 'killed' | 'failed'; readonly isTroubled: boolean };

const files = { level: '1', shareDown: false };
const shared = (level: string): Cache => ({
  name: `t-level-${level}-files-v1-00000000000000000000`,
  level,
  shareDown: true,
});
const caches: readonly Cache[] = [
  { name: 'a', ...files },
  { name: 'a', ...files },
  { name: 'b', ...files },
  shared('3'),
  shared('1'),
];
const tasks = ['one', 'two', 'three', 'four'];
/** User and group ids; null: a task of which that is not known. */
const owners = [null, null, 54_321, 54_322] as const;

export function chooseOperation(history: History, process: Process): Operation | null {
  const { random } = history;
  const kind = random.below(100);
  if (kind < 12) {
    const held = writable(history, process);
    if (held !== null) write(history, held);
    return null;
  }
  if (kind < 15) return tamper(history);
  if (kind < 74) return simpleOperation(history, process);
  if (kind < 77) return purgeOfLease(history, process);
  if (kind < 80) return evict(process);
  if (kind < 88) return compact(history, process);
  if (kind < 94) return drain(history, process);
  return reconcile(history, process);
}

export function simpleOperation(history: History, process: Process): Operation {
  const { random } = history;
  const [held] = process.held;
  const kind = random.below(100);
  if (held === undefined ? kind < 85 : kind < 35) return lease(history, process);
  if (held !== undefined && kind < 83) return commit(history, process);
  if (held !== undefined && kind < 90) return rollBack(history, process);
  return kind < 96 ? purge(process, random.pick(caches).name) : purgeTask(process, random.pick(tasks));
}

interface SeenLease {
  readonly id: string;
  readonly from: GenerationName | null;
  readonly files: readonly (readonly [string, string])[];
}

function lease(history: History, process: Process): Operation {
  const { random, tampered } = history;
  const filled = history.worlds[0]!.instances.map((instance) => instance.cache);
  // Mostly what is there: a warm start has more to go wrong.
  const cache = random.pick(filled.length > 0 && random.chance(60) ? filled : caches);
  const wanted: BackEnd = history.backEnd === 'direct' || random.chance(12) ? 'direct' : 'overlay';
  const onConflict = random.pick(['auto', 'own', 'drop'] as const);
  const task = random.pick(tasks);
  const user: model.User = { owner: random.pick(owners), maps: random.chance(60) };
  const unseen = `?${history.unseen++}`;
  const open = (world: World, id: string, from: Leased['from'], isOwed = false): World =>
    model.open(world, {
      id,
      owner: process.machine.owner,
      task,
      cache,
      wanted,
      onConflict,
      from,
      base: from?.generation.chain ?? [],
      isSpoiled: false,
      isOwed,
    });
  const refusals = (start: World): World[] => {
    const worlds = [start];
    for (;;) {
      const world = worlds.at(-1)!;
      const chain = model.choose(world, cache, wanted, user)?.generation.chain ?? [];
      const damaged = chain.find((layer) => tampered.has(layer));
      if (damaged === undefined) return worlds;
      worlds.push(model.refuse(world, damaged));
    }
  };
  return {
    title: `leases ${cache.name} for task ${task} (${wanted}, ${onConflict}, ${JSON.stringify(user)})`,
    process,
    isSimple: true,
    async perform() {
      const { name, level, shareDown } = cache;
      const holder = { taskId: task, runId: 0, label: 'label' };
      const { owner, maps } = user;
      const more = {
        level,
        shareDown,
        onConflict,
        holder,
        accepts: wanted,
        ...(owner === null ? {} : { owner: { uid: owner, gid: owner } }),
        mapsOwners: () => Promise.resolve(maps ? ok(undefined) : err('no')),
      };
      const got = await process.store.lease(requestOf(name, more));
      const tree = readLayers(layersOf(got));
      checkOwner(got, tree, user);
      const files = [...tree];
      if (got.from === null && owner !== null) require(got, tree, owner);
      process.held.push({ lease: got, cache, tree });
      return { id: got.id, from: got.from, files };
    },
    begun: refusals,
    after(world, observed) {
      const worlds = refusals(world);
      const last = worlds.at(-1)!;
      const from = model.choose(last, cache, wanted, user);
      if (observed.kind !== 'done') return [...worlds, open(last, unseen, from, observed.kind === 'failed')];
      const seen = observed.seen as SeenLease;
      const isRight = (from: Leased['from']): boolean =>
        seen.from?.instance === from?.instance &&
        seen.from?.number === from?.generation.number &&
        isSame(new Map(seen.files), from?.generation.tree ?? new Map<string, string>());
      // Whether owners have to be mapped it may have seen before somebody else changed that.
      const others = [
        { ...user, maps: false },
        { ...user, isAsked: true },
      ];
      const possible = observed.isRaced === true ? others : [];
      return [from, ...possible.map((one) => model.choose(last, cache, wanted, one))]
        .filter(isRight)
        .slice(0, 1)
        .map((one) => open(last, seen.id, one));
    },
  };
}

function commit(history: History, process: Process): Operation {
  const held = history.random.pick(process.held);
  const { lease, cache, tree } = held;
  const isTouched = lease.mount.kind === 'bind' || isFilled(lease.mount.upper);
  const made: Tree = new Map(tree);
  const become = (world: World, leased: Leased): World => {
    if (isTouched) return model.commit(world, leased, made);
    return leased.isSpoiled ? model.rollBack(world, leased) : model.end(world, leased);
  };
  return {
    title: `commits ${lease.id} of ${cache.name}`,
    process,
    isSimple: true,
    perform() {
      letGo(process, held);
      history.freshen(held);
      return lease.commit();
    },
    after(world, observed) {
      const leased = find(world, held);
      if (leased === undefined)
        return observed.kind !== 'done' || kindOf(observed.seen) === 'rolled-back' ? [world] : [];
      if (observed.kind !== 'done')
        return [become(world, leased), observed.kind === 'killed' ? world : owe(world, leased)];
      const seen = observed.seen as CommitOutcome;
      // Durable: to write the tree to the disk was what failed.
      if (observed.isTroubled && seen.kind === 'rolled-back' && seen.why.endsWith('does not reach the disk'))
        return endings(world, held, observed);
      const decision = isTouched ? model.decide(world, leased) : null;
      const expected = isTouched
        ? decision === null
          ? 'rolled-back'
          : 'committed'
        : leased.isSpoiled
          ? 'rolled-back'
          : 'unchanged';
      if (seen.kind !== expected) return [];
      const next = become(world, leased);
      if (seen.kind !== 'committed') return [next];
      const instance = next.instances.find(({ id }) => id === seen.instance);
      const isRight =
        instance !== undefined &&
        seen.own === decision?.isOwn &&
        (decision.instance ?? lease.id) === seen.instance &&
        model.newest(instance).number === seen.generation;
      return isRight ? [next] : [];
    },
  };
}

function rollBack(history: History, process: Process): Operation {
  const held = history.random.pick(process.held);
  return {
    title: `rolls ${held.lease.id} of ${held.cache.name} back`,
    process,
    isSimple: true,
    perform() {
      letGo(process, held);
      return held.lease.rollBack('it was killed');
    },
    after: (world, observed) => endings(world, held, observed),
  };
}

/** After a lease that was rolled back, or of which the store will say so when there is room. */
function endings(world: World, held: Held, { kind, isTroubled }: Observed): World[] {
  const leased = find(world, held);
  if (leased === undefined) return [world];
  const done = model.rollBack(world, leased);
  if (kind === 'killed') return [world, done];
  return isTroubled ? [done, owe(world, leased)] : [done];
}

function purgeOfLease(history: History, process: Process): Operation | null {
  if (process.held.length === 0) return null;
  const held = history.random.pick(process.held);
  const { name } = held.cache;
  return {
    title: `purges ${held.lease.id} of ${name}`,
    process,
    isSimple: false,
    perform() {
      letGo(process, held);
      return held.lease.purge('its task');
    },
    after: (world, observed) => [
      ...endings(model.purge(world, name), held, observed),
      ...(observed.isTroubled ? endings(world, held, observed) : []),
    ],
  };
}

function purge(process: Process, name: string): Operation {
  return {
    title: `purges ${name}`,
    process,
    isSimple: true,
    perform: () => process.store.purge(name, 'somebody'),
    after(world, observed) {
      const purged = model.purge(world, name);
      return observed.kind === 'done' ? [purged] : [world, purged];
    },
  };
}

function purgeTask(process: Process, task: string): Operation {
  return {
    title: `purges what came of task ${task}`,
    process,
    isSimple: true,
    async perform() {
      const { generations } = await process.store.purgeTainted(task, 'somebody');
      return generations.length;
    },
    after(world, observed) {
      const purged = model.purgeTask(world, task);
      return observed.kind === 'done' ? [purged] : [world, purged];
    },
  };
}

function evict(process: Process): Operation {
  return {
    title: 'evicts',
    process,
    isSimple: false,
    async perform() {
      const evicted = await process.store.evict({ bytes: 1e15, inodes: 0 });
      return evicted.map(({ instance }) => instance);
    },
    after(world, observed) {
      const leased = world.leases.map(({ from }) => from?.instance);
      const idle = world.instances.map(({ id }) => id).filter((id) => !leased.includes(id));
      const most = Math.min(idle.length, Math.ceil(world.instances.length / 2));
      const all = (ids: readonly string[]): World => ids.reduce(model.evict, world);
      if (observed.kind !== 'done')
        return subsets(idle)
          .filter((ids) => ids.length <= most)
          .map(all);
      const seen = observed.seen as string[];
      return seen.length === most && seen.every((id) => idle.includes(id)) ? [all(seen)] : [];
    },
  };
}

function subsets(items: readonly string[]): string[][] {
  return items.reduce<string[][]>((sets, item) => [...sets, ...sets.map((set) => [...set, item])], [[]]);
}

/** Merges show in the listing. What was changed behind the store's back may be found on the way. */
function afterMerging({ tampered }: History, world: World): World[] {
  return [...tampered].reduce<World[]>(
    (worlds, layer) => [
      ...worlds,
      ...worlds
        .filter(({ instances }) =>
          instances.some(({ generations }) => generations.some(({ chain }) => chain.includes(layer))),
        )
        .map((one) => model.refuse(one, layer)),
    ],
    [world],
  );
}

function compact(history: History, process: Process): Operation {
  return {
    title: 'merges layers',
    process,
    isSimple: false,
    perform: () => process.store.compact(1),
    after: (world) => afterMerging(history, world),
  };
}

function drain(history: History, process: Process): Operation {
  return {
    title: 'does what it does in the background',
    process,
    isSimple: false,
    perform: () => process.store.drain(),
    after: (world) => afterMerging(history, world),
  };
}

function reconcile(history: History, process: Process): Operation {
  const { owner } = process.machine;
  return {
    title: 'reconciles',
    process,
    isSimple: false,
    async perform() {
      const told = await process.store.reconcile();
      await process.store.drain();
      return told;
    },
    after(world, { kind, isTroubled }) {
      if (kind === 'done' && !isTroubled) history.fresh.clear();
      // Who was killed at it lived while it looked.
      const dead = world.leases.filter((one) => (one.owner === owner ? one.isOwed : !isLiving(one.owner)));
      const worlds = dead.reduce((all, one) => [...all, model.rollBack(all.at(-1)!, one)], [world]);
      const ends = kind === 'done' && !isTroubled ? worlds.slice(-1) : worlds;
      return ends.flatMap((one) => afterMerging(history, one));
    },
  };
}

function layersOf({ mount }: Lease): readonly string[] {
  return mount.kind === 'bind' ? [mount.source] : [mount.upper, ...mount.lower];
}

function isFilled(folder: string): boolean {
  return fs.existsSync(folder) && fs.readdirSync(folder).length > 0;
}

function kindOf(seen: unknown): string {
  return (seen as CommitOutcome).kind;
}

function letGo({ held }: Process, one: Held): void {
  held.splice(held.indexOf(one), 1);
}

function find({ leases }: World, { lease }: Held): Leased | undefined {
  return leases.find(({ id }) => id === lease.id);
}

function owe(world: World, leased: Leased): World {
  const leases = world.leases.map((one) => (one.id === leased.id ? { ...one, isOwed: true } : one));
  return { ...world, leases };
}

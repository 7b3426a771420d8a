import * as fs from 'node:fs';
import { join } from 'node:path';
import { FailureError } from '../../../src/base/failure.ts';
import { openStore } from '../../../src/caches/open-store.ts';
import type { BackEnd, Lease, Store } from '../../../src/caches/store.ts';
import { checkDisk, fitListing } from './checks.ts';
import { isLiving, Killed, Machine, type Trouble } from './machine.ts';
import { chooseOperation, type Observed, type Operation, simpleOperation } from './operations.ts';
import { Random } from './random.ts';
import { type Cache, drop, empty, rollBack, spoil, type World } from './world.ts';

/** A process that has the store open. */
export interface Process {
  readonly machine: Machine;
  readonly store: Store;
  readonly held: Held[];
}

/** A lease that a live process has not ended. */
export interface Held {
  readonly lease: Lease;
  readonly cache: Cache;
  /** what a task sees in it now */
  readonly tree: Map<string, string>;
}

export interface Counts {
  steps: number;
  kills: number;
  errors: number;
  races: number;
  reboots: number;
  damages: number;
}

/** One history: some processes, a store on disk, and the worlds that it may be in after all that was seen. */
export class History {
  readonly root: string;
  readonly backEnd: BackEnd;
  readonly random: Random;
  readonly whiteout: string;
  readonly durable: boolean;
  readonly log: string[] = [];
  readonly counts: Counts;
  processes: Process[] = [];
  worlds: World[] = [empty];
  /** layers that somebody has changed behind the store's back */
  readonly tampered = new Set<string>();
  /** layers that need not have reached the disk */
  readonly fresh = new Set<string>();
  now = Date.parse('2020-01-01T00:00:00Z');
  /** something went wrong in the step that is just done */
  hadTrouble = false;
  /** leases of which nobody has seen whether they were entered */
  unseen = 0;
  #boot = 1;
  #born = 0;

  constructor(
    place: { readonly root: string; readonly backEnd: BackEnd; readonly whiteout: string },
    seed: number,
    counts: Counts,
  ) {
    this.root = place.root;
    this.backEnd = place.backEnd;
    this.whiteout = place.whiteout;
    this.random = new Random(seed);
    this.durable = this.random.chance(25);
    this.counts = counts;
  }

  async run(): Promise<void> {
    const steps = 5 + this.random.below(21);
    await this.#start();
    for (let step = 0; step < steps; step++) {
      this.counts.steps += 1;
      // Now and then so much later that what was long ago is forgotten.
      this.now += this.random.chance(5) ? 100 * 24 * 3600 * 1000 : 1000;
      if (this.processes.length === 0 || (this.processes.length === 1 && this.random.chance(30)))
        await this.#start();
      if (this.processes.length === 0) continue;
      if (this.random.chance(3)) await this.#reboot();
      else if (this.random.chance(2)) await this.#damageLedger();
      else await this.#step();
      await this.#look();
    }
    await this.#finish();
  }

  /** Opens the store in one more process; it may be killed over it. */
  async #start(mayFail = true): Promise<void> {
    const machine = new Machine(`${1_000_000 + ++this.#born}.1`);
    if (mayFail && this.random.chance(5)) {
      machine.expect({ kind: 'kill', at: 1 + this.random.below(12) });
    }
    this.log.push(`process ${this.#born} opens the store`);
    const epochLength = this.random.pick([5, 9, 512]);
    try {
      const store = await machine.run(() =>
        openStore(this.root, {
          backEnd: this.backEnd,
          durable: this.durable,
          epochLength,
          owner: machine.owner,
          boot: `boot-${this.#boot}`,
          clock: { now: () => this.now },
        }),
      );
      machine.expect(null);
      this.processes.push({ machine, store, held: [] });
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      this.log.push('  and is killed');
    }
  }

  async #step(): Promise<void> {
    const process = this.random.pick(this.processes);
    const operation = chooseOperation(this, process);
    if (operation === null) return;
    const kind = this.random.below(100);
    const at = 1 + this.random.below(this.random.pick([4, 12, 40]));
    if (kind < 22) await this.#troubled(operation, { kind: 'kill', at });
    else if (kind < 32)
      await this.#troubled(operation, { kind: 'errno', at, code: this.random.pick(['ENOSPC', 'EROFS']) });
    else if (kind < 45) await this.#raced(operation, at);
    else await this.#troubled(operation, null);
  }

  async #troubled(operation: Operation, trouble: Trouble | null): Promise<void> {
    const { process } = operation;
    const how = trouble === null ? '' : ` (${JSON.stringify(trouble)})`;
    this.log.push(`${process.machine.owner} ${operation.title}${how}`);
    process.machine.expect(trouble);
    this.hadTrouble = trouble !== null;
    const performed = await this.#perform(operation);
    process.machine.expect(null);
    const observed = { ...performed, isTroubled: trouble !== null };
    this.worlds = after(this.worlds, operation, observed);
    this.#must('that cannot come of it');
  }

  /** Another process does something in the midst of it, before the n-th call of the system. */
  async #raced(operation: Operation, at: number): Promise<void> {
    const others = this.processes.filter((other) => other !== operation.process);
    const other = others.length === 0 ? null : simpleOperation(this, this.random.pick(others));
    if (other === null || !operation.isSimple) return this.#troubled(operation, null);
    this.counts.races += 1;
    const { machine } = operation.process;
    this.log.push(`${machine.owner} ${operation.title}; before its call ${at}:`);
    this.log.push(`  ${other.process.machine.owner} ${other.title}`);
    let inner: Promise<Observed> | undefined;
    const act = (): void => {
      inner = this.#perform(other);
    };
    machine.expect({ kind: 'interlude', at, act });
    const observed = { ...(await this.#perform(operation)), isRaced: true };
    machine.expect(null);
    if (inner === undefined) act();
    const met = { ...(await inner!), isRaced: true };
    this.worlds = [
      ...after(after(this.#begun(other), operation, observed), other, met),
      ...after(after(this.#begun(operation), other, met), operation, observed),
    ];
    this.#must('no order of the two explains what was seen');
  }

  #begun({ begun }: Operation): World[] {
    return begun === undefined ? this.worlds : different([...this.worlds, ...this.worlds.flatMap(begun)]);
  }

  async #perform(operation: Operation): Promise<Observed> {
    const { process } = operation;
    try {
      const seen = await process.machine.run(() => operation.perform());
      this.log.push(`    → ${JSON.stringify(seen)}`);
      return { kind: 'done', seen, isTroubled: false };
    } catch (error) {
      if (error instanceof Killed) {
        this.counts.kills += 1;
        this.log.push('    → killed');
        this.processes = this.processes.filter((other) => other !== process);
        return { kind: 'killed', isTroubled: true };
      }
      if (!(error instanceof FailureError)) throw error;
      this.counts.errors += 1;
      this.log.push(`    → ${error.message}`);
      return { kind: 'failed', isTroubled: true };
    }
  }

  /** All processes are gone; what had not reached the disk may be given up. */
  async #reboot(): Promise<void> {
    this.counts.reboots += 1;
    this.log.push('the machine is started again');
    this.killAll();
    this.#boot += 1;
    await this.#start(false);
    await this.#reconcile();
    const mayGo = (chain: readonly string[]): boolean => chain.some((layer) => this.fresh.has(layer));
    const { store, machine } = this.processes[0]!;
    const listed = (await machine.run(() => store.list())).flatMap(({ instances }) => instances);
    const numbers = new Map(listed.map(({ id, generations }) => [id, generations]));
    this.worlds = this.worlds.map((world) =>
      drop(
        { ...world, leases: [] },
        ({ number, chain }, { id }) => number > (numbers.get(id) ?? 0) && mayGo(chain),
      ),
    );
    this.fresh.clear();
  }

  /** What a commit writes need not be on the disk soon. */
  freshen({ lease, cache }: Held): void {
    if (this.durable && !this.hadTrouble) return;
    this.fresh.add(`${cache.level}/${lease.id}`);
    if (lease.mount.kind !== 'bind') return;
    const match = /level-(\d)\/layers\/([^/]+)$/.exec(lease.mount.source);
    if (match !== null) this.fresh.add(`${match[1]}/${match[2]}`);
  }

  killAll(): void {
    for (const { machine } of this.processes) machine.kill();
    this.processes = [];
  }

  async #reconcile(): Promise<void> {
    const { store, machine } = this.processes[0]!;
    await machine.run(() => store.reconcile());
    this.worlds = this.worlds.map((world) =>
      world.leases
        .filter(({ owner, isOwed }) => isOwed || this.processes.every((one) => one.machine.owner !== owner))
        .reduce(rollBack, world),
    );
  }

  /** The newest entry is torn: all is cold, and what runs is rolled back. */
  async #damageLedger(): Promise<void> {
    const ledger = join(this.root, 'ledger');
    const epoch = numbers(ledger).at(-1);
    const last = epoch === undefined ? undefined : numbers(join(ledger, epoch)).at(-1);
    if (epoch === undefined || last === undefined) return;
    this.counts.damages += 1;
    this.wasDamaged = true;
    this.log.push('the newest entry of the ledger is torn');
    fs.truncateSync(join(ledger, epoch, last), 20);
    const before = this.processes;
    this.processes = [];
    do {
      await this.#start();
      const [opened] = this.processes;
      if (opened === undefined) continue;
      if (this.random.chance(30)) opened.machine.expect({ kind: 'kill', at: 1 + this.random.below(9) });
      try {
        await opened.machine.run(() => opened.store.reconcile());
        opened.machine.expect(null);
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        this.log.push('who sets it aside is killed');
        this.processes = [];
      }
    } while (this.processes.length === 0);
    const owners = [...before, ...this.processes].map(({ machine }) => machine.owner);
    this.processes.unshift(...before);
    this.worlds = this.worlds.map((world) =>
      spoil(
        { ...world, instances: [], leases: world.leases.filter(({ owner }) => owners.includes(owner)) },
        () => true,
      ),
    );
    for (const { held } of before) for (const one of held) this.orphans.add(one.lease.id);
  }

  /** Leases of which the ledger may know nothing any more: their trees may be gone. */
  readonly orphans = new Set<string>();
  wasDamaged = false;

  /** Holds what the store lists against what it may list. */
  async #look(): Promise<void> {
    const [process] = this.processes;
    if (process === undefined) return;
    const listed = await process.machine.run(() => process.store.list());
    const fitting = this.worlds.flatMap((world) => fitListing(world, listed) ?? []);
    if (fitting.length === 0) {
      this.log.push(`listed: ${JSON.stringify(listed.flatMap(({ instances }) => instances))}`);
      this.log.push(`expected: ${JSON.stringify(this.worlds.map(({ instances }) => instances))}`);
      throw new Error('the store lists what it cannot have');
    }
    this.worlds = different(fitting);
    if (this.worlds.length > 500) throw new Error('too many worlds');
    this.#checkApart();
  }

  /** Nobody reads or writes where somebody writes. */
  #checkApart(): void {
    const held = this.processes.flatMap((one) => one.held).filter(({ lease }) => !this.orphans.has(lease.id));
    for (const one of held) {
      const written = writes(one.lease);
      for (const other of held) {
        if (other !== one && reads(other.lease).some((path) => path === written))
          throw new Error(`${written} is in the hands of two: ${one.lease.id} and ${other.lease.id}`);
      }
    }
  }

  #must(message: string): void {
    if (this.worlds.length === 0) throw new Error(message);
  }

  /** Everybody ends; then nothing is open, nothing is left, and all that was committed is served. */
  async #finish(): Promise<void> {
    this.log.push('the end');
    for (const process of this.processes) {
      for (const one of process.held.splice(0)) {
        await process.machine.run(() => one.lease.rollBack('the end'));
        this.worlds = this.worlds.map((world) => {
          const lease = world.leases.find(({ id }) => id === one.lease.id);
          return lease === undefined ? world : rollBack(world, lease);
        });
      }
    }
    for (const { machine, store } of this.processes) await machine.run(() => store.drain());
    const [still] = this.processes;
    // After damage, the ledger may know of leases whose end it has lost: they go with their process.
    if (still !== undefined && this.orphans.size === 0 && !this.wasDamaged) {
      await still.machine.run(() => still.store.reconcile());
      const { openLeases } = await still.machine.run(() => still.store.diagnose());
      const living = this.worlds.map(({ leases }) => leases.filter(({ owner }) => isLiving(owner)).length);
      if (openLeases > Math.max(...living))
        throw new Error(`${openLeases} leases of live processes are stuck`);
    }
    this.killAll();
    await this.#start(false);
    await this.#reconcile();
    await this.#look();
    await checkDisk(this, this.processes[0]!);
    this.killAll();
  }
}

function after(worlds: readonly World[], operation: Operation, observed: Observed): World[] {
  return different(
    worlds.flatMap((world) => withDebts(world).flatMap((one) => operation.after(one, observed))),
  );
}

function different(worlds: readonly World[]): World[] {
  if (worlds.length < 2) return [...worlds];
  return [...new Map(worlds.map(withoutDead).map((world) => [keyOf(world), world])).values()];
}

/** Nothing comes any more of a cold lease whose process is gone: with it and without it, the world is the same. */
function withoutDead(world: World): World {
  return { ...world, leases: world.leases.filter(({ from, owner }) => from !== null || isLiving(owner)) };
}

/** What the store owes it may do at any time. */
function withDebts(world: World): World[] {
  return world.leases
    .filter(({ isOwed }) => isOwed)
    .reduce((worlds, lease) => [...worlds, ...worlds.map((one) => rollBack(one, lease))], [world]);
}

function keyOf({ instances, leases }: World): string {
  return JSON.stringify([
    instances.map(({ id, generations }) => [
      id,
      generations.map(({ number, chain, tree }) => [number, chain, [...tree]]),
    ]),
    leases.map(({ id, isSpoiled, isOwed, base }) => [id, isSpoiled, isOwed, base]),
  ]);
}

function writes({ mount }: Lease): string {
  return mount.kind === 'bind' ? mount.source : mount.upper;
}

function reads({ mount }: Lease): readonly string[] {
  return mount.kind === 'bind' ? [mount.source] : [mount.upper, ...mount.lower];
}

function numbers(folder: string): string[] {
  return fs.existsSync(folder)
    ? fs
        .readdirSync(folder)
        .filter((name) => /^\d+$/.test(name))
        .sort()
    : [];
}

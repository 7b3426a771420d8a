import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { fail } from '../base/failure.ts';
import { ensureDirectory, isErrno, writeFileAtomic } from '../base/files.ts';
import { isAlive, ownProcess } from '../base/owner.ts';
import { encodeName, NameMemory } from './name-memory.ts';
import { differsFromSeal, fingerprint, readSeal, type Seal, treeName, writeSeal } from './seal.ts';
import type {
  CacheListing,
  InstanceListing,
  Lease,
  LeaseReport,
  LeaseRequest,
  Store,
  Warmth,
} from './store.ts';
import { measureTree, type TreeSize } from './tree-size.ts';

const levels = ['1', '2', '3'] as const;
const sizeName = 'size.json';

export interface DirectStoreOptions {
  readonly clock?: Clock;
  /** who leases, as {@link ownProcess} names it; tests give others */
  readonly owner?: string;
}

/**
 * The back end that mounts an instance's own directory. The folder an instance lies in is its state, every transition
 * is one rename, and several processes may use one root:
 *
 *     level-N/idle/<name>/<id>/            free to take, with its seal
 *     level-N/leased/<owner>/<name>/<id>/  in use by a process; when that is dead: doomed
 *     level-N/doomed/<id>/                 being deleted
 *     names/ purged/ history.jsonl         for explanations
 *
 * An instance is a folder with `tree/`, which is mounted, and beside it what the store knows of it.
 */
export async function openDirectStore(root: string, options: DirectStoreOptions = {}): Promise<Store> {
  try {
    ensureDirectory(root);
    for (const level of levels) {
      for (const state of ['idle', 'leased', 'doomed']) ensureDirectory(join(root, `level-${level}`, state));
    }
    return new DirectStore(root, options.clock ?? systemClock, options.owner ?? ownProcess());
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EDQUOT')) throw error;
    return fail(
      'unavailable',
      `the caches in ${root} cannot be written (${error.code})`,
      'set CAISSON_HOME to a directory of yours',
    );
  }
}

class DirectStore implements Store {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #owner: string;
  readonly #memory: NameMemory;
  readonly #background = new Set<Promise<void>>();
  readonly #problems: string[] = [];

  constructor(root: string, clock: Clock, owner: string) {
    this.#root = root;
    this.#clock = clock;
    this.#owner = owner;
    this.#memory = new NameMemory(root, clock);
  }

  async lease(request: LeaseRequest): Promise<Lease> {
    if (!(levels as readonly string[]).includes(request.level))
      throw new Error(`no trust level: ${request.level}`);
    const at = new Date(this.#clock.now()).toISOString();
    const mark = this.#memory.purgeMark(request.name);
    const taken = this.#takeIdle(request) ?? this.#makeNew(request);
    this.#memory.remember(request);
    const { name, mountPoint, record, holder } = request;
    this.#memory.record({
      at,
      ...holder,
      name,
      mountPoint,
      warmth: taken.warmth,
      record,
    });
    return this.#lease(request, taken, mark);
  }

  async list(): Promise<readonly CacheListing[]> {
    const caches = new Map<string, { seal: Seal; instances: InstanceListing[] }>();
    for (const { path, state, id } of this.#instances()) {
      const seal = readSeal(path);
      if (seal === null) continue;
      const size = readSize(path) ?? (await measureTree(join(path, treeName))) ?? { bytes: 0, files: 0 };
      const { generation: generations, created, committed: lastUsed } = seal;
      const cache = caches.get(seal.name) ?? { seal, instances: [] };
      cache.instances.push({
        id,
        state,
        generations,
        ...size,
        created,
        lastUsed,
        directory: join(path, treeName),
      });
      caches.set(seal.name, cache);
    }
    return [...caches.values()]
      .sort((a, b) => (a.seal.name < b.seal.name ? -1 : 1))
      .map(({ seal: { name, trustDomain, level }, instances }) => ({ name, trustDomain, level, instances }));
  }

  async purge(name: string, by: string): Promise<{ readonly instances: number }> {
    // The mark comes first: a run that returns its instance from now on dooms it.
    this.#memory.setPurged(name);
    this.#memory.setFate(name, `purged by ${by}`);
    const found = [...this.#instances()].filter(({ encoded }) => encoded === encodeName(name));
    for (const { path, state, level, id } of found) if (state === 'idle') this.#doom(path, level, id);
    return { instances: found.length };
  }

  async history(label: string): Promise<readonly LeaseReport[]> {
    return this.#memory.history(label);
  }

  async reconcile(): Promise<readonly string[]> {
    const told: string[] = [];
    for (const { path, state, level, id, owner } of this.#instances()) {
      const seal = readSeal(path);
      if (state === 'leased' && !isAlive(owner)) {
        told.push(`rolled back ${seal?.name ?? id}: the process that used it is gone`);
        if (seal !== null)
          this.#memory.setFate(seal.name, 'rolled back: the process that used it was killed');
        this.#doom(path, level, id);
      } else if (state === 'idle' && (seal === null || seal.generation < 1)) {
        told.push(`dropped ${id}: its seal is absent or torn`);
        this.#doom(path, level, id);
      }
    }
    for (const level of levels) {
      const leased = join(this.#root, `level-${level}`, 'leased');
      for (const owner of readdirSync(leased)) if (!isAlive(owner)) removeEmpty(join(leased, owner));
      const doomed = join(this.#root, `level-${level}`, 'doomed');
      for (const entry of readdirSync(doomed)) this.#deleteLater(join(doomed, entry));
    }
    this.#memory.prune();
    return told;
  }

  async drain(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
    if (this.#problems.length > 0)
      fail('unavailable', this.#problems.splice(0).join('; '), 'remove what is named as its owner');
  }

  #takeIdle(request: LeaseRequest): Taken | null {
    const encoded = encodeName(request.name);
    const idle = this.#folder(request.level, 'idle', encoded);
    const candidates = entries(idle)
      .map((id) => ({ id, seal: readSeal(join(idle, id)) }))
      .sort((a, b) => ((a.seal?.committed ?? '') < (b.seal?.committed ?? '') ? 1 : -1));
    for (const { id } of candidates) {
      const path = this.#leasedPath(request, id);
      if (!move(join(idle, id), path)) continue;
      // Read again: what is moved is ours alone, and may be newer than what was seen before.
      const seal = readSeal(path);
      const difference = differsFromSeal(path, seal, request.name);
      if (difference !== null || seal === null) {
        this.#memory.setFate(request.name, `refused: ${difference}`);
        this.#doom(path, request.level, id);
        continue;
      }
      const ageSeconds = Math.max(0, Math.round((this.#clock.now() - Date.parse(seal.committed)) / 1000));
      return { id, path, seal, warmth: { state: 'warm', generation: seal.generation, ageSeconds } };
    }
    return null;
  }

  #makeNew(request: LeaseRequest): Taken {
    const encoded = encodeName(request.name);
    const inUse = [...this.#instances()].filter(
      (found) => found.state === 'leased' && found.encoded === encoded,
    ).length;
    const warmth = this.#memory.explain(request, inUse);
    const id = randomBytes(8).toString('hex');
    const path = this.#leasedPath(request, id);
    mkdirSync(path, { mode: 0o700 });
    const now = new Date(this.#clock.now()).toISOString();
    const { name, trustDomain, level, shortName, record, holder } = request;
    const what = { name, trustDomain, level, shortName, record, holder };
    const seal: Seal = { version: 1, ...what, generation: 0, created: now, committed: now, fingerprint: '' };
    writeSeal(path, seal);
    mkdirSync(join(path, treeName), { mode: 0o755 });
    return { id, path, seal, warmth };
  }

  #lease(request: LeaseRequest, { id, path, seal, warmth }: Taken, purgeMark: string): Lease {
    let open = true;
    const close = (): void => {
      if (!open) throw new Error(`the lease of ${request.name} has ended already`);
      open = false;
    };
    const giveBack = (): void => {
      this.#doom(path, request.level, id);
      this.#tidyLeased(request);
    };
    const purgedMeanwhile = (): boolean => this.#memory.purgeMark(request.name) !== purgeMark;
    return {
      name: request.name,
      instance: id,
      directory: join(path, treeName),
      warmth,
      commit: async () => {
        close();
        if (purgedMeanwhile()) return giveBack();
        const committed = new Date(this.#clock.now()).toISOString();
        const { holder, record } = request;
        const mark = fingerprint(join(path, treeName));
        writeSeal(path, {
          ...seal,
          holder,
          record,
          committed,
          generation: seal.generation + 1,
          fingerprint: mark,
        });
        const idle = this.#folder(request.level, 'idle', encodeName(request.name));
        ensureDirectory(idle);
        this.#memory.setFate(request.name, null);
        renameSync(path, join(idle, id));
        this.#tidyLeased(request);
        if (purgedMeanwhile()) return this.#doom(join(idle, id), request.level, id);
        this.#measureLater(join(idle, id));
      },
      rollBack: async (why) => {
        close();
        this.#memory.setFate(request.name, `rolled back: ${why}`);
        giveBack();
      },
      purge: async (why) => {
        close();
        giveBack();
        await this.purge(request.name, why);
      },
    };
  }

  /** Folders of leases that have ended; nothing else of this process is between them and a rename. */
  #tidyLeased(request: LeaseRequest): void {
    const owner = this.#folder(request.level, 'leased', this.#owner);
    for (const folder of [join(owner, encodeName(request.name)), owner]) removeIfEmpty(folder);
  }

  #doom(path: string, level: string, id: string): void {
    const target = join(this.#root, `level-${level}`, 'doomed', `${id}-${randomBytes(4).toString('hex')}`);
    if (move(path, target)) this.#deleteLater(target);
  }

  #deleteLater(path: string): void {
    this.#later(
      rm(path, { recursive: true, force: true }).catch((error: unknown) => {
        if (!isErrno(error, 'EACCES', 'EPERM', 'ENOTEMPTY', 'EBUSY', 'EROFS')) throw error;
        this.#problems.push(`${path} cannot be deleted (${error.code})`);
      }),
    );
  }

  #measureLater(path: string): void {
    const measure = async (): Promise<void> => {
      const size = await measureTree(join(path, treeName));
      if (size === null) return;
      try {
        writeFileAtomic(join(path, sizeName), JSON.stringify(size), 0o600);
      } catch (error) {
        // Leased or purged meanwhile: it will be measured when it comes back.
        if (!isErrno(error, 'ENOENT')) throw error;
      }
    };
    this.#later(measure());
  }

  #later(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  #folder(level: string, ...parts: readonly string[]): string {
    return join(this.#root, `level-${level}`, ...parts);
  }

  #leasedPath(request: LeaseRequest, id: string): string {
    const folder = this.#folder(request.level, 'leased', this.#owner, encodeName(request.name));
    ensureDirectory(folder);
    return join(folder, id);
  }

  *#instances(): Generator<Found> {
    for (const level of levels) {
      const idle = this.#folder(level, 'idle');
      for (const encoded of entries(idle)) {
        for (const id of entries(join(idle, encoded))) {
          yield { level, state: 'idle', owner: '', encoded, id, path: join(idle, encoded, id) };
        }
      }
      const leased = this.#folder(level, 'leased');
      for (const owner of entries(leased)) {
        for (const encoded of entries(join(leased, owner))) {
          for (const id of entries(join(leased, owner, encoded))) {
            yield { level, state: 'leased', owner, encoded, id, path: join(leased, owner, encoded, id) };
          }
        }
      }
    }
  }
}

interface Taken {
  readonly id: string;
  readonly path: string;
  readonly seal: Seal;
  readonly warmth: Warmth;
}

interface Found {
  readonly level: string;
  readonly state: 'idle' | 'leased';
  readonly owner: string;
  readonly encoded: string;
  readonly id: string;
  readonly path: string;
}

/** False when another process was faster. */
function move(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return false;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    return [];
  }
}

function readSize(path: string): TreeSize | null {
  const file = join(path, sizeName);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as TreeSize) : null;
}

function removeEmpty(folder: string): void {
  for (const entry of entries(folder)) removeEmpty(join(folder, entry));
  removeIfEmpty(folder);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'ENOTDIR')) throw error;
  }
}

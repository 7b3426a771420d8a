import { existsSync, realpathSync } from 'node:fs';
import { type Clock, systemClock } from '../base/clock.ts';
import { fail } from '../base/failure.ts';
import { ensureDirectory } from '../base/files.ts';
import { ownProcess } from '../base/owner.ts';
import { packEpochs, readEntries } from './ledger/archive.ts';
import { currentBoot } from './ledger/boot.ts';
import { type Entry, LedgerDamage } from './ledger/entry.ts';
import { Ledger } from './ledger/ledger.ts';
import { failOnDamage, failOnDisk, type Parts, read } from './parts.ts';
import { diagnoseStore } from './report/diagnosis.ts';
import { leaseHistory } from './report/history.ts';
import { listCaches } from './report/listing.ts';
import { blastRadius } from './report/taint.ts';
import { verifyStore } from './report/verify.ts';
import type { BackEnd, Store } from './store.ts';
import { purgeName, purgeTask } from './transaction/end.ts';
import { leaseCache } from './transaction/lease.ts';
import { Layout } from './trees/layout.ts';
import { type BackEndChoice, chainLimit, chooseBackEnd } from './trees/overlay.ts';
import { Background } from './upkeep/background.ts';
import { compactChains, comfortableChain } from './upkeep/compact.ts';
import { evictInstances, freeSpace, totalSpace } from './upkeep/evict.ts';
import { reconcileStore } from './upkeep/reconcile.ts';
import { findGarbage, sweepLater } from './upkeep/sweep.ts';

export interface StoreOptions {
  readonly clock?: Clock;
  /** who leases, as `ownProcess` names it; tests give others */
  readonly owner?: string;
  /** the boot of the machine; tests give others */
  readonly boot?: string;
  /** default: `CAISSON_CACHE_BACKEND`, else what a trial shows */
  readonly backEnd?: BackEnd;
  /** waits for the disk before every commit; default false: a generation is on disk some seconds later */
  readonly durable?: boolean;
  /** entries after which an epoch of the ledger is closed; default 512 */
  readonly epochLength?: number;
}

/** Opens the store in `root`, which is made when it is not there. */
export async function openStore(root: string, options: StoreOptions = {}): Promise<Store> {
  const parts = openParts(root, options);
  return {
    root: parts.layout.root,
    lease: async (request) => leaseCache(parts, request),
    list: async () => listCaches(read(parts), parts.layout),
    purge: async (name, by) => ({ instances: purgeName(parts, name, by) }),
    history: async (label) => leaseHistory(entries(parts), label),
    entries: () => entries(parts),
    taintedBy: async (taskId) => blastRadius(entries(parts), read(parts), taskId),
    purgeTainted: async (taskId, by) => {
      const radius = purgeTask(parts, taskId, by);
      sweepLater(parts);
      return radius;
    },
    reconcile: async () => reconcileStore(parts),
    compact: (longerThan = comfortableChain) => compactChains(parts, longerThan),
    evict: async (wanted, options) => evictInstances(parts, wanted, options),
    freeSpace: () => freeSpace(parts),
    totalSpace: () => totalSpace(parts),
    garbage: async () => findGarbage(parts, () => read(parts)).map(({ path }) => path),
    verify: async () => verifyStore(parts),
    diagnose: async () => diagnoseStore(parts),
    drain: async () => {
      try {
        await parts.background.drain();
        packEpochs(parts.layout.ledger, parts.owner.process);
      } catch (error) {
        failOnDisk(parts.layout.root, error);
      }
    },
  };
}

function openParts(root: string, options: StoreOptions): Parts {
  const { clock = systemClock, durable = false, epochLength = 512 } = options;
  try {
    if (!existsSync(root)) ensureDirectory(root);
    const layout = new Layout(realpathSync(root));
    const owner = { process: options.owner ?? ownProcess(), boot: options.boot ?? currentBoot() };
    const mostLayers = chainLimit(layout.root);
    const forced = options.backEnd ?? backEndOf(process.env);
    let choice: BackEndChoice | undefined;
    return {
      layout,
      ledger: new Ledger(layout.ledger, { clock, owner, durable, epochLength }),
      clock,
      owner,
      // Looking at a store needs no trial mount.
      get choice() {
        choice ??= tryBackEnds(layout.root, forced);
        return choice;
      },
      durable,
      mostLayers,
      background: new Background(),
      owed: new Map(),
      merges: new Map(),
      told: [],
    };
  } catch (error) {
    return failOnDisk(root, error);
  }
}

/** A disk that takes no trial says nothing about what works: it is told, and tried again next time. */
function tryBackEnds(root: string, forced: BackEnd | null): BackEndChoice {
  try {
    return chooseBackEnd(root, forced);
  } catch (error) {
    return failOnDisk(root, error);
  }
}

/** For reports: what comes after a damaged entry is not told. */
function* entries(parts: Parts): Generator<Entry> {
  read(parts);
  try {
    yield* readEntries(parts.layout.ledger);
  } catch (error) {
    if (error instanceof LedgerDamage) failOnDamage(parts, error);
    throw error;
  }
}

function backEndOf(env: Readonly<Record<string, string | undefined>>): BackEnd | null {
  const asked = env['CAISSON_CACHE_BACKEND'];
  if (asked === undefined || asked === '' || asked === 'auto') return null;
  if (asked === 'overlay' || asked === 'direct') return asked;
  return fail('usage', `CAISSON_CACHE_BACKEND is "${asked}"`, 'it can be overlay, direct or auto');
}

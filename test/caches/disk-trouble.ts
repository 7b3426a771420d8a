import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FailureError } from '../../src/base/failure.ts';
import type { openStore } from '../../src/caches/open-store.ts';
import type { BackEnd, Lease, Store } from '../../src/caches/store.ts';
import { contentOf } from './crash/cuts.ts';
import { whatIsLeft } from './crash/left.ts';
import { inside } from './inside.ts';
import type { SmallDisk, Trouble } from './small-disk.ts';
import { requestOf } from './store-request.ts';

type Content = string | null;

/** Something that a store does while its disk takes no more, on a cache of its own. */
interface Operation {
  /** before there is any trouble; answers what is done then */
  prepare(place: Place): Promise<() => Promise<unknown>>;
  /** what the cache may hold when that has failed, and when it has not: the same where that is absent */
  readonly failed: readonly Content[];
  readonly done?: readonly Content[];
}

interface Place {
  readonly store: Store;
  readonly cache: string;
  readonly root: string;
  readonly open: (root: string, owner?: string) => Promise<Store>;
}

export interface Attempt {
  readonly what: string;
  readonly outcome: 'done' | 'told';
  /** null: the disk well again, all is right */
  readonly problem: string | null;
}

const failure: FailureError['name'] = 'FailureError';
const first = 'the first entry';
const rootOfFirst = (root: string): string => join(root, '..', 'first');
const bystander = 'bystander';
const old = './file: old';
const more = './file: old ./more: new';

/** On the direct back end a run that fails costs its instance. */
const operationsOf = (backEnd: BackEnd): Readonly<Record<string, Operation>> => {
  const kept = backEnd === 'overlay' ? [old] : [old, null];
  return {
    [first]: {
      prepare: async ({ root, open }) => {
        mkdirSync(join(rootOfFirst(root), 'ledger'), { recursive: true });
        return async () => {
          const store = await open(rootOfFirst(root));
          await store.list();
          await (await store.lease(requestOf('first'))).rollBack('by plan');
        };
      },
      failed: [null],
    },
    'a cold lease': {
      prepare:
        async ({ store, cache }) =>
        async () =>
          (await store.lease(requestOf(cache))).rollBack('by plan'),
      failed: [null],
    },
    'a warm lease': {
      prepare: async ({ store, cache }) => {
        await fill(store, cache);
        return async () => (await store.lease(requestOf(cache))).rollBack('by plan');
      },
      failed: kept,
    },
    'a task': {
      prepare: async ({ store, cache }) => {
        await fill(store, cache);
        const lease = await store.lease(requestOf(cache));
        return () => end(lease, 'head -c 9000 /dev/zero > half; touch other; sync half');
      },
      failed: kept,
    },
    'commit of a cold run': {
      prepare: async ({ store, cache }) => {
        const lease = await store.lease(requestOf(cache));
        inside(lease, 'echo old > file');
        return () => lease.commit();
      },
      failed: [null, old],
      done: [old],
    },
    'commit of a warm run': {
      prepare: async ({ store, cache }) => {
        await fill(store, cache);
        const lease = await store.lease(requestOf(cache));
        inside(lease, 'echo new > more');
        return () => lease.commit();
      },
      failed: [...kept, more],
      done: [more],
    },
    'roll back': {
      prepare: async ({ store, cache }) => {
        await fill(store, cache);
        const lease = await store.lease(requestOf(cache));
        inside(lease, 'echo half > half');
        return () => lease.rollBack('by plan');
      },
      failed: kept,
    },
    purge: {
      prepare: async ({ store, cache }) => {
        await fill(store, cache);
        return () => store.purge(cache, 'somebody');
      },
      failed: [old, null],
      done: [null],
    },
    evict: {
      prepare: async ({ store, cache }) => {
        await fill(store, cache);
        const sparing = (await store.list()).map(({ name }) => name).filter((name) => name !== cache);
        return () => store.evict({ bytes: 1e15, inodes: 0 }, { sparing });
      },
      failed: [old, null],
      done: [null],
    },
    merge: {
      prepare: async ({ store, cache }) => {
        await fill(store, cache);
        await end(await store.lease(requestOf(cache)), 'echo new > more');
        await store.drain();
        return () => store.compact(1);
      },
      failed: [more],
    },
    'measure, flush and sweep': {
      prepare: async ({ store, cache }) => {
        await end(await store.lease(requestOf(cache)), 'echo old > file');
        return () => store.drain();
      },
      failed: [old],
    },
    reconcile: {
      prepare: async ({ cache, root, open }) => {
        const killed = await open(root, '4194305.1');
        inside(await killed.lease(requestOf(cache)), 'echo half > file');
        await killed.drain();
        return async () => (await open(root)).reconcile();
      },
      failed: [null],
    },
  };
};

/** Everything that a store does, each once the disk takes no more; then there is room again, and it and another go on. */
export async function tryTrouble(
  disk: SmallDisk,
  trouble: Trouble,
  backEnd: BackEnd,
  openStoreOf: typeof openStore,
): Promise<Attempt[]> {
  const opened: Store[] = [];
  const open = async (root: string, owner?: string): Promise<Store> => {
    const options = { backEnd, epochLength: 7, ...(owner === undefined ? {} : { owner }) };
    const one = await openStoreOf(root, options);
    opened.push(one);
    return one;
  };
  const { root } = disk;
  const store = await open(root);
  await store.reconcile();
  await fill(store, bystander);
  const attempts: Attempt[] = [];
  for (const [what, operation] of Object.entries(operationsOf(backEnd))) {
    const cache = what.replaceAll(/\W/g, '-');
    const act = await operation.prepare({ store, cache, root, open });
    if (!what.startsWith('measure')) await store.drain();
    disk.cause(trouble);
    let outcome: Attempt['outcome'] = 'done';
    let problem: string | null = null;
    try {
      await act();
      // The reserve is there to say so.
      const { openLeases } = await store.diagnose();
      if (openLeases > 0 && trouble !== 'read-only') problem = `${openLeases} leases are open`;
    } catch (error) {
      outcome = 'told';
      // By name: the store may be a bundle with a class of its own.
      if (!(error instanceof Error) || error.name !== failure) problem = String(error);
    } finally {
      disk.end(trouble);
    }
    const may = outcome === 'done' ? (operation.done ?? operation.failed) : operation.failed;
    problem ??= await whatIsWrong(root, store, cache, may);
    problem ??= await whatIsWrong(root, await open(root), cache, [old, more]);
    if (what === first)
      problem ??= await whatIsWrong(rootOfFirst(root), await open(rootOfFirst(root)), cache, may);
    attempts.push({ what, outcome, problem });
    if (problem !== null) break;
    await store.purge(cache, 'the end');
    await store.drain();
  }
  // Where something is wrong, something may still be at work; it has been told.
  await Promise.allSettled(opened.map((one) => one.drain()));
  return attempts;
}

async function fill(store: Store, cache: string): Promise<void> {
  await end(await store.lease(requestOf(cache)), 'echo old > file');
  await store.drain();
}

async function end(lease: Lease, script: string): Promise<void> {
  try {
    inside(lease, script);
  } catch (error) {
    await lease.rollBack(String(error));
    return;
  }
  await lease.commit();
}

/** What is wrong once the disk is well again; null when a run ends well then, nothing is lost, open, damaged or left. */
async function whatIsWrong(
  root: string,
  store: Store,
  cache: string,
  may: readonly Content[],
): Promise<string | null> {
  try {
    await store.reconcile();
    await store.drain();
    const left = await whatIsLeft(root, store);
    if (left !== null) return left;
    const content = await contentOf(store, cache);
    if (!may.includes(content)) return `it holds ${content}, not ${may.join(' or ')}`;
    const other = await contentOf(store, bystander);
    if (basename(root) !== 'first' && other !== old) return `the other cache holds ${other}`;
    // A normal run, as each preparation is one.
    await fill(store, cache);
    const after = await contentOf(store, cache);
    return after?.startsWith(old) ? null : `it holds ${after} after a normal run`;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

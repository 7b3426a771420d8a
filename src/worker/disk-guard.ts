import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess } from '../base/process.ts';
import type { FreeSpace, Store } from '../caches/store.ts';

/** Keeps one task from taking the disk away from all others. */
export interface DiskGuard {
  /** Evicts when too little is free; to be called before caches are leased, with their names. Does not wait for deletions. */
  makeRoom(wanted: readonly string[]): Promise<void>;
  /** From now on the run may be stopped; what is returned is to be called when its caches were given back. */
  watch(run: WatchedRun): () => void;
}

export interface WatchedRun {
  /** everything that the run can write to: its own directories on the store's file system */
  readonly folders: readonly string[];
  /** `why`: one sentence for the task's log */
  stop(why: string): void;
}

/** Room that has to be left for others, and for the worker to put things in order; on a small disk half of what is free. */
function leastFree(store: Store): FreeSpace {
  const { bytes, inodes } = store.freeSpace();
  return { bytes: Math.min(256 * 1024 * 1024, bytes / 2), inodes: Math.min(4000, inodes / 2) };
}

const everyMs = 300;

export interface DiskLimits {
  /** below that, caches are evicted, and when that is not enough at once, the run that has written most is stopped */
  readonly least: FreeSpace;
  /** below that, caches are evicted before others are leased */
  readonly keepFree: FreeSpace;
}

/** Looks before caches are leased, and while runs are watched. Evicts a little more than is missing. */
export function diskGuard(store: Store, limits: Partial<DiskLimits> = {}): DiskGuard {
  const { least = leastFree(store) } = limits;
  const { keepFree = least } = limits;
  const runs = new Set<WatchedRun>();
  let isLooking = false;
  let deleting: Promise<void> | null = null;
  let stopped: WatchedRun | null = null;

  async function look(): Promise<void> {
    while (runs.size > 0) {
      if (isBelow(least)) await stopOne();
      await sleep(everyMs, undefined, { ref: false });
    }
  }

  function isBelow(limit: FreeSpace): boolean {
    const { bytes, inodes } = store.freeSpace();
    return bytes < limit.bytes || inodes < limit.inodes;
  }

  /** What was evicted is not free before it is deleted: until then nothing more goes. */
  async function evictBelow(limit: FreeSpace, sparing: readonly string[]): Promise<void> {
    if (deleting !== null || !isBelow(limit)) return;
    const wanted = {
      bytes: Math.max(limit.bytes, 2 * least.bytes),
      inodes: Math.max(limit.inodes, 2 * least.inodes),
    };
    const evicted = await store.evict(wanted, { sparing });
    if (evicted.length > 0) awaitDeletions();
  }

  /** What cannot be deleted is tried again, and told, by who sweeps next. */
  function awaitDeletions(): void {
    deleting = store
      .drain()
      .catch(() => undefined)
      .then(() => {
        deleting = null;
      });
  }

  async function stopOne(): Promise<void> {
    // The others go on: what one has written is free when it was put away.
    if (stopped !== null && runs.has(stopped)) return;
    if (stopped !== null) awaitDeletions();
    stopped = null;
    await evictBelow(least, []);
    await deleting;
    if (!isBelow(least)) return;
    const sizes = await Promise.all([...runs].map(async (run) => ({ run, ...(await measure(run)) })));
    const [largest] = sizes.sort((a, b) => b.bytes - a.bytes || b.inodes - a.inodes);
    if (largest === undefined || !runs.has(largest.run)) return;
    stopped = largest.run;
    const { bytes, inodes } = store.freeSpace();
    const left = bytes < least.bytes ? megabytes(bytes) : `room for ${inodes} files`;
    largest.run.stop(
      `the disk is nearly full: ${left} left, and this task has written most of all (${megabytes(largest.bytes)} in ${largest.inodes} files)`,
    );
  }

  return {
    makeRoom: (wanted) => evictBelow(keepFree, wanted),
    watch(run) {
      runs.add(run);
      if (!isLooking) {
        isLooking = true;
        void look().finally(() => {
          isLooking = false;
        });
      }
      return () => void runs.delete(run);
    },
  };
}

async function measure({ folders }: WatchedRun): Promise<{ bytes: number; inodes: number }> {
  const [blocks, inodes] = await Promise.all([du(['-B1'], folders), du(['--inodes'], folders)]);
  return { bytes: blocks, inodes };
}

/** What vanishes meanwhile is not counted. */
async function du(options: readonly string[], folders: readonly string[]): Promise<number> {
  let output = '';
  await startProcess(['du', '-scx', ...options, '--', ...folders], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    stdout: (chunk) => {
      output += Buffer.from(chunk).toString();
    },
  }).ended;
  return Number.parseInt(output.trim().split('\n').at(-1) ?? '', 10) || 0;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

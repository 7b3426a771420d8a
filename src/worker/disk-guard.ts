import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess } from '../base/process.ts';
import type { FreeSpace, Store } from '../caches/store.ts';

/** Keeps one task from taking the disk away from all others. */
export interface DiskGuard {
  /** From now on the run may be stopped; returns how to end that. */
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

/**
 * Looks while runs are watched. When less than `least` is free, caches are evicted, and when that is not enough at once,
 * the run that has written most is stopped.
 */
export function diskGuard(store: Store, least: FreeSpace = leastFree(store)): DiskGuard {
  const runs = new Set<WatchedRun>();
  let isLooking = false;

  async function look(): Promise<void> {
    while (runs.size > 0) {
      if (isScarce()) await makeRoom();
      await sleep(everyMs, undefined, { ref: false });
    }
  }

  function isScarce(): boolean {
    const { bytes, inodes } = store.freeSpace();
    return bytes < least.bytes || inodes < least.inodes;
  }

  async function makeRoom(): Promise<void> {
    const evicted = await store.evict({ bytes: 2 * least.bytes, inodes: 2 * least.inodes });
    if (evicted.length > 0) await store.drain();
    if (!isScarce()) return;
    const sizes = await Promise.all([...runs].map(async (run) => ({ run, ...(await measure(run)) })));
    const [largest] = sizes.sort((a, b) => b.bytes - a.bytes || b.inodes - a.inodes);
    if (largest === undefined || !runs.delete(largest.run)) return;
    const { bytes, inodes } = store.freeSpace();
    const left = bytes < least.bytes ? megabytes(bytes) : `room for ${inodes} files`;
    largest.run.stop(
      `the disk is nearly full: ${left} left, and this task has written most of all (${megabytes(largest.bytes)} in ${largest.inodes} files)`,
    );
  }

  return {
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

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BackEnd } from '../../../src/caches/store.ts';
import { type Counts, History } from './history.ts';

export interface Failed {
  readonly seed: number;
  readonly why: string;
  /** what happened, a line for each step */
  readonly log: readonly string[];
}

export interface Outcome {
  readonly histories: number;
  readonly counts: Counts;
  readonly failed: Failed[];
}

/** Runs histories with the seeds from `seed` on below `folder`, which should be in memory; stops after five failures. */
export async function runHistories(
  backEnd: BackEnd,
  { seed, count, folder }: { readonly seed: number; readonly count: number; readonly folder: string },
): Promise<Outcome> {
  const place = mkdtempSync(join(folder, 'caisson-model-'));
  const whiteout = join(place, 'whiteout');
  if (backEnd === 'overlay') spawnSync('mknod', [whiteout, 'c', '0', '0']);
  const counts: Counts = { steps: 0, kills: 0, errors: 0, races: 0, reboots: 0, damages: 0 };
  const failed: Failed[] = [];
  let histories = 0;
  const { stackTraceLimit } = Error;
  // A fifth of the time; who runs a failed one again, alone, sees where it was.
  if (count > 1) Error.stackTraceLimit = 0;
  try {
    for (; histories < count && failed.length < 5; histories++) {
      // Deleted by the hundred, by a program: a seventh of the time else.
      const batch = join(place, 'batch');
      if (histories % 100 === 0) spawnSync('rm', ['-rf', batch]);
      const root = join(batch, String(histories));
      mkdirSync(root, { recursive: true });
      const history = new History({ root, backEnd, whiteout }, seed + histories, counts);
      try {
        await history.run();
      } catch (error) {
        const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
        failed.push({ seed: seed + histories, why, log: history.log });
        history.killAll();
      }
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    rmSync(place, { recursive: true, force: true });
  }
  return { histories, counts, failed };
}

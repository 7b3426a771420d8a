import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../../base/files.ts';
import { keptFor } from '../state/checkpoint.ts';
import type { State } from '../state/state.ts';
import { packedEpochs, readEntries } from './archive.ts';
import { LedgerDamage } from './entry.ts';
import { epochName } from './numbers.ts';

/**
 * Removes packed epochs, oldest first, that ended long ago and tell nothing of where what can still be leased comes from:
 * whoever follows a task through the rest misses nothing that matters. `now` in milliseconds. A history that is damaged
 * stays as it is. Several processes may do so at once.
 */
export function pruneEpochs(folder: string, state: State, now: number): void {
  const packed = packedEpochs(folder);
  if (packed.length === 0) return;
  const kept = oldestNeeded(folder, state, now - keptFor);
  for (const epoch of packed.filter((number) => number < kept)) {
    rmSync(join(folder, `${epochName(epoch)}.jsonl`), { force: true });
    // In this order on disk too: readers take a hole in the middle for damage.
    syncDirectory(folder);
  }
}

/** The first epoch with an entry after `since`, or with one that a present generation or an open lease descends from. */
function oldestNeeded(folder: string, state: State, since: number): number {
  /** for each lease and generation, the epoch in which its line began from empty */
  const leases = new Map<string, number>();
  const generations = new Map<string, number>();
  let oldest = Number.POSITIVE_INFINITY;
  try {
    for (const entry of readEntries(folder)) {
      const { epoch } = entry;
      if (Date.parse(entry.at) >= since) oldest = Math.min(oldest, epoch);
      if (entry.kind === 'lease') {
        const { id, from } = entry;
        const began = from === null ? undefined : generations.get(`${from.instance} ${from.number}`);
        leases.set(id, Math.min(epoch, began ?? epoch));
      } else if (entry.kind === 'commit') {
        generations.set(`${entry.instance} ${entry.generation}`, leases.get(entry.lease) ?? epoch);
      }
    }
  } catch (error) {
    if (error instanceof LedgerDamage) return 0;
    throw error;
  }
  const present = [...state.instances.values()].flatMap((instance) =>
    instance.generations.map(({ number }) => generations.get(`${instance.id} ${number}`)),
  );
  const open = [...state.leases.keys()].map((id) => leases.get(id));
  return [...present, ...open].reduce<number>((least, epoch) => Math.min(least, epoch ?? least), oldest);
}

import { mkdirSync, readdirSync, realpathSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureDirectory, ifThere, isErrno } from '../base/files.ts';
import { isAlive, ownProcess } from '../base/owner.ts';
import { unmountBelow } from './engines/oci/views.ts';
import { reapSandbox } from './engines/reap.ts';

/** A directory that belongs to one run alone, below the process that made it. */
export function makeScratch(home: string, id: string): string {
  const folder = join(home, 'scratch', ownProcess());
  ensureDirectory(folder);
  const path = join(folder, id);
  mkdirSync(path, { mode: 0o700 });
  mkdirSync(join(path, 'sandbox'), { mode: 0o755 });
  return path;
}

/** Deletes everything in a run's directory but one file. */
export async function clearScratch(path: string, kept: string): Promise<void> {
  for (const name of entries(path)) {
    const found = join(path, name);
    if (found !== kept) await rm(found, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Removes a run's directory, and that of its process when it was the last one. */
export async function removeScratch(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
  removeIfEmpty(dirname(path));
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EBUSY')) throw error;
  }
}

/** Ends the sandboxes and removes the directories of processes that are gone; says what was done. */
export async function reconcileScratch(home: string): Promise<string[]> {
  const told: string[] = [];
  for (const owner of entries(join(home, 'scratch'))) {
    if (isAlive(owner)) continue;
    for (const id of entries(join(home, 'scratch', owner))) {
      const path = join(home, 'scratch', owner, id);
      unmountBelow(realpathSync(path));
      // What still runs there would write into whatever comes next under these names: the next start tries again.
      if (!(await reapSandbox(join(path, 'sandbox')))) {
        told.push(`processes of run ${id} cannot be ended; ${path} stays until they can`);
        continue;
      }
      await removeScratch(path);
      told.push(`removed what a killed worker left of run ${id}`);
    }
    removeIfEmpty(join(home, 'scratch', owner));
  }
  return told;
}

function entries(folder: string): string[] {
  return ifThere(() => readdirSync(folder)) ?? [];
}

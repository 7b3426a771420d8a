import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../base/files.ts';
import { entriesOf } from './entries.ts';
import { isBelow, isDirectory } from './mounts.ts';

/**
 * Deletes a file, link or tree as the task's user, also below directories that forbid it, except for `keep` and the
 * way to it. Mount points are emptied and stay, with the way to them. Nothing there is no error.
 */
export function removeTree(path: string, keep: readonly string[] = []): void {
  if (keep.includes(path)) return;
  // A link on the way to what is kept leads elsewhere, and is none.
  if (keep.some((kept) => isBelow(kept, path)) && isDirectory(path)) {
    for (const name of readdirSync(path)) removeTree(join(path, name), keep);
    return;
  }
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (isErrno(error, 'EBUSY') && isDirectory(path)) {
      for (const name of readdirSync(path)) removeTree(join(path, name));
      return;
    }
    if (!isErrno(error, 'EACCES', 'EPERM', 'ENOTEMPTY')) throw error;
    unlockTree(path);
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Lets us into every directory of a tree that is ours, which tasks may have closed. Answers how many were closed, and
 * whether some belong to others, where we can change nothing.
 */
export function unlockTree(path: string): { opened: number; foreign: boolean } {
  const stats = lstatSync(path);
  const result = { opened: 0, foreign: false };
  if (!stats.isDirectory()) return result;
  const own = stats.mode & 0o7777;
  if (stats.uid !== process.getuid?.()) result.foreign = true;
  else if ((own & 0o700) !== 0o700) {
    chmodSync(path, own | 0o700);
    result.opened += 1;
  }
  for (const entry of entriesOf(path) ?? []) {
    if (!entry.isDirectory()) continue;
    const below = unlockTree(join(path, entry.name));
    result.opened += below.opened;
    result.foreign ||= below.foreign;
  }
  return result;
}

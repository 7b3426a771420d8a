import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../base/files.ts';
import { isBelow } from './mounts.ts';

/**
 * Deletes a file, link or tree as the task's user, also below directories that forbid it, except for `keep` and the
 * way to it. Nothing there is no error.
 */
export function removeTree(path: string, keep: readonly string[] = []): void {
  if (keep.includes(path)) return;
  if (keep.some((kept) => isBelow(kept, path))) {
    for (const name of readdirSync(path)) removeTree(join(path, name), keep);
    return;
  }
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM', 'ENOTEMPTY')) throw error;
    unlock(path);
    rmSync(path, { recursive: true, force: true });
  }
}

function unlock(path: string): void {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return;
  const own = stats.mode & 0o7777;
  if ((own & 0o700) !== 0o700 && stats.uid === process.getuid?.()) chmodSync(path, own | 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) unlock(join(path, entry.name));
  }
}

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirectory, isErrno } from '../../base/files.ts';
import { startProcess } from '../../base/process.ts';

/** Moves a tree out of the way, at once whatever its size; false when it is not there. */
export function doom(path: string, doomed: string): boolean {
  ensureDirectory(doomed);
  const id = randomBytes(8).toString('hex');
  try {
    renameSync(path, join(doomed, id));
    return true;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return false;
  }
}

/** Deletes trees at low priority, in a process of its own; returns what is wrong with those that it could not delete. */
export async function deleteTrees(paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  // Tasks leave directories that their owner may not write to; root does not care.
  const isRoot = process.getuid?.() === 0;
  const script = isRoot ? remove : `chmod -R u+rwX -- "$@" 2>/dev/null; ${remove}`;
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' };
  let complaint = '';
  const stderr = (chunk: Uint8Array): void => {
    if (complaint.length < 1000) complaint += Buffer.from(chunk).toString();
  };
  for (let at = 0; at < paths.length; at += mostPaths) {
    const some = paths.slice(at, at + mostPaths);
    await startProcess(['nice', '-n', '19', 'sh', '-c', script, 'sh', ...some], { env, stderr }).ended;
  }
  return paths
    .filter((path) => existsSync(path))
    .map((path) => `${path} cannot be deleted (${complaint.trim().split('\n')[0] ?? ''})`);
}

const remove = 'rm -rf --one-file-system -- "$@"';
const mostPaths = 500;

/** What overlayfs made may not even be looked into by its owner. */
export function openWork(work: string): void {
  try {
    chmodSync(join(work, 'work'), 0o700);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EPERM')) throw error;
  }
}

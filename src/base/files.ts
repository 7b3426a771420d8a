import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** True when an exception is the operating system's error of that code, e.g. `isErrno(e, 'ENOENT')`. */
export function isErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** The disk has no room, or the user may not use more of it. */
export function isDiskFull(error: unknown): error is NodeJS.ErrnoException {
  return isErrno(error, 'ENOSPC', 'EDQUOT');
}

/** What `look` finds on the disk; null when the system answers with one of these codes, by which nothing is there. */
export function ifThere<T>(look: () => T, codes: readonly string[] = ['ENOENT']): T | null {
  try {
    return look();
  } catch (error) {
    if (!isErrno(error, ...codes)) throw error;
    return null;
  }
}

/** Makes a directory's entries durable: what was created, renamed or removed in it survives a power loss. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes a file so that a reader, or a kill at any instant, sees the old content or the new, never a part:
 * temporary name in the same directory, fsync, rename, fsync of the directory.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): void {
  const temporary = join(dirname(path), `.tmp-${randomBytes(6).toString('hex')}`);
  const fd = openSync(temporary, 'wx', mode);
  try {
    try {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Creates a directory and its parents, private to the user unless told otherwise. */
export function ensureDirectory(path: string, mode = 0o700): void {
  try {
    mkdirSync(path, { recursive: true, mode });
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    // On a read-only disk Node says that the path is not there; the first directory that is missing tells the reason.
    let missing = resolve(path);
    while (!existsSync(dirname(missing))) missing = dirname(missing);
    mkdirSync(missing, { mode });
    mkdirSync(path, { recursive: true, mode });
  }
}

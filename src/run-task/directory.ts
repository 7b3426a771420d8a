import { closeSync, constants, fchmodSync, fchownSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { isErrno } from '../base/files.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const openDirectoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const ownerAll = 0o700;
const permissionBits = 0o7777;

/** Opens a directory; its last name may not be a link. Throws ENOTDIR or ELOOP when it is. */
export function openDirectory(path: string | Buffer): number {
  return openSync(path, openDirectoryFlags);
}

/** A path to `name` in an open directory that stays right when somebody renames the directory's parents. */
export function inside(directory: number, name: string): string;
export function inside(directory: number, name: string | Buffer): string | Buffer;
export function inside(directory: number, name: string | Buffer): string | Buffer {
  const place = `/proc/self/fd/${directory}/`;
  return typeof name === 'string' ? place + name : Buffer.concat([Buffer.from(place), name]);
}

/** Gives an open directory its owner, and its owner all rights in it. */
export function settleDirectory(directory: number, owner: Owner): void {
  const stats = fstatSync(directory);
  if (stats.uid !== owner.uid || stats.gid !== owner.gid) fchownSync(directory, owner.uid, owner.gid);
  const mode = stats.mode & permissionBits;
  if ((mode & ownerAll) !== ownerAll) fchmodSync(directory, mode | ownerAll);
}

/** {@link settleDirectory} by path. */
export function settleDirectoryAt(path: string, owner: Owner): void {
  const directory = openDirectory(path);
  try {
    settleDirectory(directory, owner);
  } finally {
    closeSync(directory);
  }
}

/**
 * Makes the directories from `root` down to `path`, following no link below `root`, and gives the last one to
 * `owner`, as taskgraph's run-task does; null leaves owners alone. Throws ENOTDIR or ELOOP at a link or file.
 */
export function makeDirectoriesBelow(root: string, path: string, owner: Owner | null): void {
  let directory = openDirectory(root);
  try {
    const names = relative(root, path).split(sep).filter(Boolean);
    for (const [index, name] of names.entries()) {
      makeDirectory(inside(directory, name));
      const next = openDirectory(inside(directory, name));
      closeSync(directory);
      directory = next;
      if (owner !== null && index === names.length - 1) fchownSync(directory, owner.uid, owner.gid);
    }
  } finally {
    closeSync(directory);
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

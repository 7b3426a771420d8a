import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isErrno, syncDirectory } from '../base/files.ts';
import { formatRequirements, parseRequirements, type Requirements } from './requirements.ts';

export const requirementsName = '.cacherequires';
/** What a kill between write and rename leaves; not content of the cache. */
const temporaryName = /^\.cacherequires\.tmp-[0-9a-f]{12}$/;
const largest = 64 * 1024;

export function isTemporaryRequirements(name: string): boolean {
  return temporaryName.test(name);
}

export type RequirementsState =
  | { readonly state: 'absent' }
  | { readonly state: 'unusable'; readonly reason: string }
  | { readonly state: 'found'; readonly requirements: Requirements };

/** Reads what a cache says about itself, on a tree that a hostile task may have written: no link is followed. */
export function readRequirements(cache: string): RequirementsState {
  let fd: number;
  try {
    fd = openSync(
      join(cache, requirementsName),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { state: 'absent' };
    if (isErrno(error, 'ELOOP', 'EMLINK')) return { state: 'unusable', reason: 'it is a symbolic link' };
    if (isErrno(error, 'EACCES', 'EPERM', 'ENXIO', 'EISDIR', 'EIO', 'ENOTDIR')) {
      return { state: 'unusable', reason: `it cannot be read (${error.code})` };
    }
    throw error;
  }
  try {
    return readOpen(fd);
  } finally {
    closeSync(fd);
  }
}

function readOpen(fd: number): RequirementsState {
  const unusable = (reason: string): RequirementsState => ({ state: 'unusable', reason });
  const stat = fstatSync(fd);
  if (!stat.isFile()) return unusable('it is not a regular file');
  // Another name may be that of any file of root, whose content we would print.
  if (stat.nlink !== 1) return unusable('it has other names');
  const self = process.getuid?.() ?? stat.uid;
  if (stat.uid !== 0 && stat.uid !== self) return unusable(`its owner is ${stat.uid}`);
  if (stat.size > largest) return unusable(`it has ${stat.size} bytes`);
  const bytes = Buffer.alloc(largest);
  let length = 0;
  for (let read = 1; read > 0 && length < largest; length += read)
    read = readSync(fd, bytes, length, largest - length, null);
  const parsed = parseRequirements(bytes.subarray(0, length).toString('utf8'));
  return parsed.ok ? { state: 'found', requirements: parsed.value } : unusable(parsed.error);
}

/**
 * Makes a directory a cache of these requirements; its owner and mode must be right before. The complete file is
 * renamed into place last and made durable: a kill or power loss leaves what was there before or the new file, whole.
 * With `asRoot` root keeps the file to itself, so that the task cannot change what is in it.
 */
export function writeRequirements(cache: string, requirements: Requirements, asRoot: boolean): void {
  removeTemporaries(cache);
  const temporary = join(cache, `${requirementsName}.tmp-${randomBytes(6).toString('hex')}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(temporary, flags, 0o444);
  try {
    const bytes = Buffer.from(formatRequirements(requirements));
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    if (asRoot) fchownSync(fd, 0, 0);
    fchmodSync(fd, 0o444);
    fsyncSync(fd);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, join(cache, requirementsName));
  syncDirectory(cache);
}

/** Those that earlier runs left when they were killed; each would stay for ever. */
function removeTemporaries(cache: string): void {
  for (const entry of readdirSync(cache, { withFileTypes: true })) {
    if (entry.isFile() && isTemporaryRequirements(entry.name)) unlinkSync(join(cache, entry.name));
  }
}

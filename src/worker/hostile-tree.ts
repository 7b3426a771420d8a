import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  readdirSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isErrno } from '../base/files.ts';

/** Why something that a task made cannot be taken as an artifact. */
export type Refusal = 'missing' | 'not-readable' | 'not-a-file' | 'not-a-directory';

export type Opened =
  | { readonly ok: true; readonly fd: number; readonly stat: Stats }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Opens what lies at `rest` below a directory that the worker trusts. The task made what `rest` goes through and may
 * still change it: each component is opened from the descriptor of its parent, never through a link, so that nothing
 * outside of the tree can be reached.
 */
export function openBelow(trusted: string, rest: string): Opened {
  let fd = openSync(trusted, constants.O_RDONLY | constants.O_NONBLOCK);
  for (const name of rest.split('/').filter((part) => part !== '' && part !== '.')) {
    const next = name === '..' ? refused('missing') : openEntry(fd, name);
    closeSync(fd);
    if (!next.ok) return next;
    fd = next.fd;
  }
  return { ok: true, fd, stat: fstatSync(fd) };
}

/** Opens an entry of an open directory without following a link, waiting for a FIFO or touching a device. */
export function openEntry(directory: number, name: string): Opened {
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
    const fd = openSync(join(entriesOf(directory), name), flags);
    const stat = fstatSync(fd);
    if (stat.isFile() || stat.isDirectory()) return { ok: true, fd, stat };
    closeSync(fd);
    return refused('not-a-file');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return refused('missing');
    if (isErrno(error, 'ELOOP', 'ENXIO', 'ENODEV', 'EOPNOTSUPP')) return refused('not-a-file');
    if (isErrno(error, 'EACCES', 'EPERM', 'EIO')) return refused('not-readable');
    throw error;
  }
}

export function listEntries(directory: number): string[] {
  return readdirSync(entriesOf(directory)).sort();
}

/** Owns the descriptor from now on. */
export function readOpened(fd: number): Readable {
  return createReadStream('', { fd, autoClose: true });
}

function entriesOf(directory: number): string {
  return `/proc/self/fd/${directory}`;
}

function refused(refusal: Refusal): Opened {
  return { ok: false, refusal };
}

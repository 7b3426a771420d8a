import { closeSync, constants, lstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../base/files.ts';
import { removeTree } from './remove.ts';

const markerName = 'run-task-changing';

/**
 * A file in a checkout's `.git` or `.hg` that is there while we change the checkout. One that is there at the start
 * says that a run was killed: what the checkout holds must then be looked at before it is used. It is not made durable:
 * after a power loss the worker is gone too, and it drops what was not committed.
 */
export interface Marker {
  /** an earlier run was killed, or failed in a way that says nothing about the checkout */
  readonly wasSet: boolean;
  /** from here on a kill leaves the marker */
  set(): void;
  /** the checkout is whole */
  clear(): void;
}

export function markerIn(metadata: string): Marker {
  const path = join(metadata, markerName);
  return {
    wasSet: isThere(path),
    set: () => {
      removeTree(path);
      closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644));
    },
    clear: () => removeTree(path),
  };
}

export function isMarker(name: string): boolean {
  return name === markerName;
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    // In a directory that is closed to us there is nothing that could be kept.
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) return false;
    throw error;
  }
}

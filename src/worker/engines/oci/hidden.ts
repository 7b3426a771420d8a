import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ifThere } from '../../../base/files.ts';

/**
 * What in a directory not everybody on the machine may read, as paths relative to it: the container's root may pass
 * permission checks and would read it all (password hashes, host keys). Sockets, pipes and devices count too.
 * Below `depth` levels nothing is looked at.
 */
export function findHidden(directory: string, depth: number): string[] {
  if (depth === 0) return [];
  return entriesOf(directory).flatMap((entry) => {
    if (entry.isSymbolicLink()) return [];
    const mode = modeOf(join(directory, entry.name));
    if (mode === null) return [];
    if (entry.isFile()) return (mode & 0o004) === 0 ? [entry.name] : [];
    if (!entry.isDirectory() || (mode & 0o005) !== 0o005) return [entry.name];
    return findHidden(join(directory, entry.name), depth - 1).map((below) => join(entry.name, below));
  });
}

function entriesOf(directory: string): Dirent[] {
  return ifPresent(() => readdirSync(directory, { withFileTypes: true })) ?? [];
}

function modeOf(path: string): number | null {
  return ifPresent(() => lstatSync(path).mode);
}

/** Null for what went away while we looked. */
function ifPresent<T>(look: () => T): T | null {
  return ifThere(look, ['ENOENT', 'ENOTDIR']);
}

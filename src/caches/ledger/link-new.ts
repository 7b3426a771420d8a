import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, syncDirectory } from '../../base/files.ts';
import type { Owner } from './entry.ts';

/** Unfinished files begin with this; the process that made one comes next. `archive.ts` removes those of dead ones. */
const temporaryPrefix = '.tmp-';

/**
 * Creates a file with that content, whole and on disk, or not at all. False when there is one already, or no folder: then
 * somebody else has changed the ledger meanwhile.
 */
export function linkNew(
  folder: string,
  name: string,
  content: string | Uint8Array,
  { owner, durable }: { readonly owner: Pick<Owner, 'process'>; readonly durable: boolean },
): boolean {
  const temporary = join(folder, `${temporaryPrefix}${owner.process}-${randomBytes(4).toString('hex')}`);
  try {
    writeWhole(temporary, content);
  } catch (error) {
    removeLater(temporary);
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
  try {
    linkSync(temporary, join(folder, name));
    if (durable) syncDirectory(folder);
    return true;
  } catch (error) {
    if (!isErrno(error, 'EEXIST', 'ENOENT')) throw error;
    return false;
  } finally {
    removeLater(temporary);
  }
}

/** What cannot be removed now is removed by `archive.ts`: the entry stands all the same. */
function removeLater(path: string): void {
  try {
    removeIfThere(path);
  } catch (error) {
    if (!isErrno(error, 'EROFS', 'EIO')) throw error;
  }
}

function writeWhole(path: string, content: string | Uint8Array): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

import { constants, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../base/files.ts';
import { ownProcess } from '../../base/owner.ts';
import type { FileSystem } from '../store.ts';

/** What holds `path`, an existing directory: the mount that is innermost, and what it can do. */
export function fileSystemOf(path: string): FileSystem {
  let found = { mountPoint: '', type: 'unknown', options: [] as readonly string[] };
  for (const line of readMounts().split('\n')) {
    const [, written, type, options] = line.split(' ');
    if (written === undefined || type === undefined) continue;
    const mountPoint = unescape(written);
    const holds = path === mountPoint || path.startsWith(mountPoint === '/' ? '/' : `${mountPoint}/`);
    // The last of equals is on top.
    if (holds && mountPoint.length >= found.mountPoint.length)
      found = { mountPoint, type, options: (options ?? '').split(',') };
  }
  return { ...found, reflink: canReflink(path) };
}

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mounts', 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EACCES')) throw error;
    return '';
  }
}

/** `\040` is a space there. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** False as well where nothing can be written. */
function canReflink(path: string): boolean {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(path, `.trial-${ownProcess()}-`));
    writeFileSync(join(folder, 'a'), 'x');
    copyFileSync(join(folder, 'a'), join(folder, 'b'), constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return false;
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

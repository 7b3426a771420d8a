import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { isErrno } from '../base/files.ts';

/** What lies in a directory; null for a link and whatever else is no directory. */
export function entriesOf(path: string): Dirent[] | null {
  try {
    if (!lstatSync(path).isDirectory()) return null;
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

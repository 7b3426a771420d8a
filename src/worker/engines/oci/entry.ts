import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { worker } from './accounts.ts';

/** Makes one directory, with that mode whatever the umask; refuses one that is there. */
export function makeDirectory(path: string, mode: number): string {
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

/** Makes one file, with that mode whatever the umask; refuses one that is there. */
export function makeFile(path: string, data: string | Uint8Array, mode: number): void {
  writeFileSync(path, data, { flag: 'wx' });
  chmodSync(path, mode);
}

/** Gives a path to the container's `worker`. Not root: everything in the container has one owner anyway. */
export function ownedByWorker(path: string): void {
  if (process.getuid?.() === 0) chownSync(path, worker.uid, worker.gid);
}

import { readFileSync } from 'node:fs';
import { isErrno } from '../../base/files.ts';
import { isAlive } from '../../base/owner.ts';
import type { Owner } from './entry.ts';

let current: string | undefined;

/** A word for this boot of the machine; 'unknown' where the system has none. */
export function currentBoot(): string {
  if (current !== undefined) return current;
  try {
    current = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 13);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EACCES')) throw error;
    current = 'unknown';
  }
  return current;
}

/** Process numbers start again with every boot; `now` is this one. */
export function ownerLives({ process, boot }: Owner, now: string): boolean {
  return boot === now && isAlive(process);
}

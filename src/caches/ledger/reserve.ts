import { existsSync, rmSync } from 'node:fs';
import { isErrno, writeFileAtomic } from '../../base/files.ts';

const size = 64 * 1024;

/** Blocks and an inode that are given up when the disk is full, so that it can still be said what did not happen. */
export class Reserve {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Does nothing when it is there, or there is no room for it. */
  lay(): void {
    if (existsSync(this.#path)) return;
    try {
      writeFileAtomic(this.#path, Buffer.alloc(size), 0o600);
    } catch (error) {
      if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES')) throw error;
    }
  }

  spend(): void {
    rmSync(this.#path, { force: true });
  }
}

export function isDiskFull(error: unknown): boolean {
  return isErrno(error, 'ENOSPC', 'EDQUOT');
}

import { existsSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isErrno } from '../../base/files.ts';
import { linkNew } from './link-new.ts';

const size = 64 * 1024;

/** Blocks and an inode that are given up when the disk is full, so that it can still be said what did not happen. */
export class Reserve {
  readonly #path: string;
  readonly #owner: string;

  constructor(path: string, owner: string) {
    this.#path = path;
    this.#owner = owner;
  }

  /** Does nothing when it is there, or there is no room for it. */
  lay(): void {
    if (existsSync(this.#path)) return;
    try {
      const owner = { process: this.#owner };
      linkNew(dirname(this.#path), basename(this.#path), Buffer.alloc(size), { owner, durable: false });
    } catch (error) {
      if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES')) throw error;
    }
  }

  spend(): void {
    rmSync(this.#path, { force: true });
  }
}

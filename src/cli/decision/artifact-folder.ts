import { copyFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../base/failure.ts';
import { isErrno } from '../../base/files.ts';
import { writeJson } from '../../graph/output/json.ts';

/** The folder whose files become the task's public artifacts; made when it is not there. */
export class ArtifactFolder {
  readonly #path: string;

  /** Fails with `unavailable` when the folder cannot be made. */
  constructor(path: string) {
    this.#path = path;
    this.#changing(() => mkdirSync(path, { recursive: true }));
  }

  writeText(name: string, text: string | Uint8Array): void {
    this.#changing(() => writeFileSync(join(this.#path, name), text));
  }

  writeJson(name: string, value: unknown): void {
    this.writeText(name, `${writeJson(value)}\n`);
  }

  copyProgram(name: string, from: string): void {
    this.#changing(() => {
      copyFileSync(from, join(this.#path, name));
      chmodSync(join(this.#path, name), 0o755);
    });
  }

  #changing(change: () => void): void {
    try {
      change();
    } catch (error) {
      if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'EISDIR'))
        throw error;
      fail('unavailable', `the artifacts cannot be written: ${error.message}`);
    }
  }
}

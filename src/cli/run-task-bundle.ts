import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../base/failure.ts';
import { isErrno } from '../base/files.ts';
import { sha256 } from '../base/hash.ts';

export interface RunTaskBundle {
  /** absolute */
  readonly path: string;
  /** SHA-256 of its bytes: the `wrapper` ingredient of cache names */
  readonly digest: string;
}

/** The run-task that lies beside this program; what goes into cache names is what tasks are given. */
export function runTaskBundle(): RunTaskBundle {
  const path = join(import.meta.dirname, 'run-task.mjs');
  try {
    return { path, digest: sha256(readFileSync(path)) };
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return fail('unavailable', `${path} is missing`, 'build it: npm run build');
  }
}

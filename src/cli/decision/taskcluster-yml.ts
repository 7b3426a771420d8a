import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../base/failure.ts';
import { isErrno } from '../../base/files.ts';
import { sha256 } from '../../base/hash.ts';

/** SHA-256 of .taskcluster.yml: the hooks that run actions are made from this file, and named after its content. */
export function digestOfTaskclusterYml(top: string): string {
  try {
    return sha256(readFileSync(join(top, '.taskcluster.yml')));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return fail(
      'configuration',
      `${join(top, '.taskcluster.yml')} is not there`,
      'the hooks that run actions are named after its content',
    );
  }
}

import { resolve } from 'node:path';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { expandHome } from './repositories.ts';

/** Where Mercurial checkouts share what they pull, absolute; throws ExitError when the task does not say. */
export function storePath(environment: Environment): string {
  const written = environment['HG_STORE_PATH'];
  if (written === undefined || written === '') {
    throw new ExitError(exitCode.error, 'error: HG_STORE_PATH environment variable not set');
  }
  return resolve(expandHome(written, environment));
}

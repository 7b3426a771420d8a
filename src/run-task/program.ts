import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isErrno } from '../base/files.ts';
import type { Environment } from './environment.ts';

const systemPath = '/usr/local/bin:/usr/bin:/bin';

export type Found =
  | { readonly state: 'found'; readonly path: string }
  | { readonly state: 'not-found' }
  | { readonly state: 'not-executable' };

/** Looks a command up as execvp does: by path when it has a slash, else in `PATH`. */
export function findProgram(name: string, environment: Environment, cwd: string): Found {
  const path = environment['PATH'] ?? systemPath;
  const candidates = name.includes('/')
    ? [resolve(cwd, name)]
    : path.split(':').map((folder) => join(resolve(cwd, folder), name));
  let state: 'not-found' | 'not-executable' = 'not-found';
  for (const candidate of name === '' ? [] : candidates) {
    const usable = usability(candidate);
    if (usable === 'found') return { state: 'found', path: candidate };
    if (usable === 'not-executable') state = 'not-executable';
  }
  return { state };
}

function usability(path: string): Found['state'] {
  try {
    if (!statSync(path).isFile()) return 'not-executable';
    accessSync(path, constants.X_OK);
    return 'found';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG')) return 'not-found';
    if (!isErrno(error, 'EACCES', 'EPERM')) throw error;
    // A folder of PATH that we may not enter, as a shell sees it, has no such program.
    return error.syscall === 'access' ? 'not-executable' : 'not-found';
  }
}

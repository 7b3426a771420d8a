import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail } from '../base/failure.ts';
import { ensureDirectory, isErrno } from '../base/files.ts';

/** `$CAISSON_HOME`, else `$XDG_STATE_HOME/caisson`, else `~/.local/state/caisson`: where all state lives. */
export function homePath(env: NodeJS.ProcessEnv): string {
  if (env['CAISSON_HOME']) return resolve(env['CAISSON_HOME']);
  if (env['XDG_STATE_HOME']) return resolve(env['XDG_STATE_HOME'], 'caisson');
  return join(homedir(), '.local/state/caisson');
}

/** Makes the home where it is missing and makes sure that it can be written; private to the user. */
export function openHome(env: NodeJS.ProcessEnv): string {
  const home = homePath(env);
  try {
    ensureDirectory(home);
    accessSync(home, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'ENOENT')) throw error;
    fail(
      'unavailable',
      `${home} cannot be written (${error.code}): caches, queue and artifacts live there`,
      'set CAISSON_HOME to a directory of yours',
    );
  }
  return home;
}

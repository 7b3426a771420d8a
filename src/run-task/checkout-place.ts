import { lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isErrno } from '../base/files.ts';
import { type Owner, makeDirectoriesBelow, settleDirectoryAt } from './directory.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { say } from './log.ts';
import { type Mounts, isBelow, isDirectory } from './mounts.ts';
import { storePath } from './hg-store.ts';
import { worldError } from './world-error.ts';

/**
 * Makes the directory that a checkout is going to lie in, and gives it to the task's user. `owner` null: not root.
 * Throws ExitError for a checkout in a cache's root, where cleaning the checkout would delete the cache's own files,
 * and with 72 where an earlier task left a link on the way.
 */
export function prepareCheckoutPlace(checkout: string, owner: Owner | null, mounts: Mounts): void {
  if (mounts.caches.includes(checkout) || exists(join(checkout, '.cacherequires'))) {
    throw new ExitError(exitCode.error, `error: cannot perform vcs checkout into cache root: ${checkout}`);
  }
  if (mounts.around(checkout) === null) {
    say(
      'vcs',
      `WARNING: vcs checkout path (${checkout}) not in cache or volume; performance will likely suffer`,
    );
  }
  const parent = dirname(checkout);
  // The root directory is nobody's to give away.
  makePlace(parent === '/' ? checkout : parent, owner, mounts);
}

/** Makes the shared store of Mercurial checkouts and gives it to the task's user. */
export function prepareStore(environment: Environment, owner: Owner | null, mounts: Mounts): void {
  const store = storePath(environment);
  if (mounts.around(store) === null) {
    say('vcs', `WARNING: HG_STORE_PATH (${store}) not in cache or volume; performance will likely suffer`);
  }
  makePlace(store, owner, mounts);
}

function makePlace(path: string, owner: Owner | null, mounts: Mounts): void {
  const mount = mounts.around(path);
  try {
    if (mount !== null && owner !== null) {
      makeDirectoriesBelow(mount, path, owner);
      return;
    }
    mkdirSync(path, { recursive: true });
    if (owner !== null && isDirectory(path)) settleDirectoryAt(path, owner);
  } catch (error) {
    // In a cache it is what an earlier task left, a link most likely: the next cache has none.
    throw worldError(`directory ${path}`, error, mount === null ? undefined : exitCode.purgeCaches);
  }
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) throw error;
    return false;
  }
}

/** Checkouts that lie in no other one: the others' directories are made by the checkout around them. */
export function outermost(checkouts: readonly string[]): string[] {
  return checkouts.filter((path) => !checkouts.some((other) => isBelow(path, other)));
}

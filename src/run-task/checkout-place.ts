import { lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isErrno } from '../base/files.ts';
import { type Owner, makeDirectoriesBelow, settleDirectoryAt } from './directory.ts';
import { ExitError, exitCode } from './exit.ts';
import { say } from './log.ts';
import { type Mounts, isBelow, isDirectory } from './mounts.ts';
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
export function prepareStore(store: string | undefined, owner: Owner | null, mounts: Mounts): void {
  if (store === undefined || store === '') {
    throw new ExitError(exitCode.error, 'error: HG_STORE_PATH environment variable not set');
  }
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
    throw worldError(
      `directory ${path}`,
      error,
      isLinkInTheWay(error, mount) ? exitCode.purgeCaches : undefined,
    );
  }
}

function isLinkInTheWay(error: unknown, mount: string | null): boolean {
  return mount !== null && isErrno(error, 'ELOOP', 'ENOTDIR');
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

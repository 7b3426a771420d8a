import { accessSync, constants, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isErrno } from '../base/files.ts';
import { markerIn } from './checkout-marker.ts';
import { runRequired } from './command.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { say } from './log.ts';
import { isBelow } from './mounts.ts';
import { removeTree } from './remove.ts';

export interface Clone {
  readonly checkout: string;
  readonly from: string;
  readonly shallow: boolean;
  /** whatever is at the place of the checkout is left over from tasks and may go */
  readonly replaceable: boolean;
  /** caches and volumes that are mounted below the checkout */
  readonly mounted: readonly string[];
}

const retries = 2;

/**
 * Clones beside the place of the checkout, or inside it where something is mounted, and renames: a clone that was killed
 * is never taken for a checkout. What is in the way is deleted in a cache, and an error elsewhere.
 */
export async function cloneRepository(clone: Clone, env: Environment): Promise<void> {
  const { checkout, from, shallow, replaceable, mounted } = clone;
  const parent = dirname(checkout);
  if (!isEmpty(checkout, mounted)) {
    if (!replaceable) {
      throw new ExitError(exitCode.error, `error: ${checkout} exists and is not a git checkout`);
    }
    say('vcs', `${checkout} is not a whole git checkout; it is deleted and cloned again`);
    removeTree(checkout, mounted);
  }
  mkdirSync(parent, { recursive: true });
  const isReplaced = mounted.length === 0 && isWritable(parent) && makesWay(checkout);
  const partial = isReplaced
    ? join(parent, `.${basename(checkout)}.run-task-clone`)
    : join(checkout, '.run-task-clone');
  removeTree(partial);
  const options = [...(shallow ? ['--depth=1'] : []), ...(shallow || !isReplaced ? ['--no-checkout'] : [])];
  await runRequired('vcs', ['git', 'clone', ...options, '--', from, partial], { env }, retries);
  markerIn(join(partial, '.git')).set();
  if (isReplaced) renameSync(partial, checkout);
  else {
    renameSync(join(partial, '.git'), join(checkout, '.git'));
    removeTree(partial);
  }
}

/** True when nothing, or a directory that only leads to what is mounted below it, is at a path. */
function isEmpty(path: string, mounted: readonly string[]): boolean {
  try {
    if (!lstatSync(path).isDirectory()) return false;
    const names = readdirSync(path).map((name) => join(path, name));
    return names.every(
      (name) =>
        mounted.includes(name) || (mounted.some((other) => isBelow(other, name)) && isEmpty(name, mounted)),
    );
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    throw error;
  }
}

/** Deletes an empty directory that a rename is to take the place of; false where it has to stay, as mount points do. */
function makesWay(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    if (!isErrno(error, 'EBUSY', 'ENOTEMPTY', 'EACCES', 'EPERM')) throw error;
    return false;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EROFS', 'EPERM')) throw error;
    return false;
  }
}

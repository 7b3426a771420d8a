import { accessSync, constants, lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isErrno } from '../base/files.ts';
import { markerIn } from './checkout-marker.ts';
import { runRequired } from './command.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { say } from './log.ts';
import { removeTree } from './remove.ts';

export interface Clone {
  readonly checkout: string;
  readonly from: string;
  readonly shallow: boolean;
  /** whatever is at the place of the checkout is left over from tasks and may go */
  readonly replaceable: boolean;
}

const retries = 2;

/**
 * Clones beside the place of the checkout and renames: a clone that was killed is never taken for a checkout.
 * What is in the way is deleted in a cache, and an error elsewhere.
 */
export async function cloneRepository(clone: Clone, env: Environment): Promise<void> {
  const { checkout, from, shallow, replaceable } = clone;
  const parent = dirname(checkout);
  if (!isEmpty(checkout)) {
    if (!replaceable) {
      throw new ExitError(exitCode.error, `error: ${checkout} exists and is not a git checkout`);
    }
    say('vcs', `${checkout} is not a whole git checkout; it is deleted and cloned again`);
    removeTree(checkout);
  }
  mkdirSync(parent, { recursive: true });
  const partial = join(parent, `.${basename(checkout)}.run-task-clone`);
  const target = isWritable(parent) ? partial : checkout;
  if (target === partial) removeTree(partial);
  const options = shallow ? ['--depth=1', '--no-checkout'] : [];
  await runRequired('vcs', ['git', 'clone', ...options, '--', from, target], { env }, retries);
  if (target !== partial) return;
  markerIn(join(partial, '.git')).set();
  renameSync(partial, checkout);
}

/** True when nothing, or an empty directory, is at a path. */
export function isEmpty(path: string): boolean {
  try {
    return lstatSync(path).isDirectory() && readdirSync(path).length === 0;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    throw error;
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

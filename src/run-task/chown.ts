import type { Arguments } from './arguments.ts';
import { ExitError, exitCode } from './exit.ts';
import type { Identity } from './identity.ts';
import { say } from './log.ts';
import type { Mounts } from './mounts.ts';
import { chownOne, chownTree } from './ownership.ts';
import { worldError } from './world-error.ts';
import { resolve } from 'node:path';

/** Gives the paths of `--chown` and `--chown-recursive` to the task's user; only root can. */
export function chownRequested(args: Arguments, identity: Identity, mounts: Mounts): void {
  for (const [option, paths] of [
    ['--chown', args.chown],
    ['--chown-recursive', args.chownRecursive],
  ] as const) {
    if (paths.length === 0) continue;
    if (identity.become === null) {
      throw new ExitError(exitCode.error, `error: ${option} is not allowed when not running as root`);
    }
    for (const written of paths) {
      const path = resolve(written);
      say('chown', `${option}: changing ownership of ${path} to ${identity.label}`);
      try {
        if (option === '--chown') chownOne(path, identity);
        else chownTree(path, identity, mounts.below(path));
      } catch (error) {
        throw worldError(path, error);
      }
    }
  }
}

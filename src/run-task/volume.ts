import { readdirSync } from 'node:fs';
import { printable } from '../base/printable.ts';
import { settleDirectoryAt } from './directory.ts';
import { ExitError, exitCode } from './exit.ts';
import type { Identity } from './identity.ts';
import { say } from './log.ts';
import { type Mounts, contentOf, isDirectory } from './mounts.ts';
import { worldError } from './world-error.ts';

/** Hands an empty volume to the task's user; throws ExitError for one with content, which only an image can have put there. */
export function prepareVolume(volume: string, identity: Identity, mounts: Mounts): void {
  if (mounts.caches.includes(volume)) {
    say('volume', `volume ${volume} is a cache`);
    return;
  }
  try {
    if (!isDirectory(volume))
      throw new ExitError(exitCode.error, `error: volume ${volume} is not a directory`);
    if (contentOf(volume, mounts).length > 0) {
      throw new ExitError(
        exitCode.error,
        [
          `error: volume ${volume} is not empty`,
          'Volumes start empty, as caches do: let the Dockerfile put nothing below a VOLUME.',
          `entries in root directory: ${printable(readdirSync(volume).sort().join(' '))}`,
        ].join('\n'),
      );
    }
    if (identity.become === null) return;
    say('volume', `changing ownership of volume ${volume} to ${identity.uid}:${identity.gid}`);
    settleDirectoryAt(volume, identity);
  } catch (error) {
    throw worldError(`volume ${volume}`, error);
  }
}

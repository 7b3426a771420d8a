import { spawnSync } from 'node:child_process';
import { isErrno } from '../base/files.ts';
import { ExitError, exitCode } from '../run-task/exit.ts';
import { say } from '../run-task/log.ts';
import { makePrivateFolder } from '../run-task/private-folder.ts';

/** Checks a detached signature of a file against one key, and no other; throws ExitError when it does not hold. */
export function verifySignature(file: string, key: string, signature: Buffer): void {
  const folder = makePrivateFolder('fetch-content-gpg');
  const home = folder.path;
  try {
    say('fetches', `verifying the GPG signature of ${file}`);
    gpg(home, ['--import'], Buffer.from(key), 'cannot read the GPG key');
    gpg(home, ['--verify', '-', file], signature, `the GPG signature of ${file} does not hold`);
  } finally {
    // An agent that is left would write into the folder while it is deleted.
    spawnSync('gpgconf', ['--kill', 'gpg-agent'], {
      env: { ...process.env, GNUPGHOME: home },
      stdio: 'ignore',
    });
    folder.dispose();
  }
}

function gpg(home: string, args: readonly string[], input: Buffer, failure: string): void {
  const done = spawnSync('gpg', ['--homedir', home, '--batch', ...args], {
    input,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  if (isErrno(done.error, 'ENOENT')) throw new ExitError(exitCode.error, 'error: gpg is not installed');
  if (done.status !== 0) throw new ExitError(exitCode.error, `error: ${failure}`);
}

import { type Dirent, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../base/files.ts';
import { readCommand } from './command.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { say } from './log.ts';
import { removeTree } from './remove.ts';

/** Deletes what git does not track, ignored files too, except other repositories' checkouts in this one. */
export async function cleanCheckout(
  checkout: string,
  nested: readonly string[],
  env: Environment,
): Promise<void> {
  say('vcs', 'cleaning git checkout...');
  // Names come apart by NUL: git quotes odd ones otherwise.
  const list = ['git', 'ls-files', '-z', '--others', '--directory'];
  const output = await readCommand('vcs', list, { env, cwd: checkout });
  if (output === null)
    throw new ExitError(exitCode.error, `error: cannot list untracked files in ${checkout}`);
  const paths = output.toString('utf8').split('\0').filter(Boolean);
  for (const path of paths) removeTree(join(checkout, path.replace(/\/$/, '')), nested);
  say('vcs', `cleaned git checkout: ${paths.length} untracked removed`);
}

/** Deletes the locks that a killed git leaves: nobody else works in this checkout. */
export function removeStaleLocks(checkout: string): void {
  const folder = join(checkout, '.git');
  for (const entry of entriesOf(folder)) if (entry.name.endsWith('.lock')) rmSync(join(folder, entry.name));
  removeLocksBelow(join(folder, 'refs'));
}

function removeLocksBelow(folder: string): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeLocksBelow(path);
    else if (entry.name.endsWith('.lock')) rmSync(path);
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

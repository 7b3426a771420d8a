import { lstatSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { printable } from '../base/printable.ts';
import { readCommand } from './command.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { entriesOf } from './entries.ts';
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
  const paths = output.toString('latin1').split('\0').filter(Boolean);
  for (const path of paths) {
    const bytes = Buffer.from(path.replace(/\/$/, ''), 'latin1');
    const name = bytes.toString('utf8');
    if (Buffer.from(name).equals(bytes)) removeTree(join(checkout, name), nested);
    // No other repository has a name that is not UTF-8, since command lines have none.
    else rmSync(Buffer.concat([Buffer.from(`${checkout}/`), bytes]), { recursive: true, force: true });
  }
  say('vcs', `cleaned git checkout: ${paths.length} untracked removed`);
}

/**
 * Deletes `.git` in directories that hold tracked files: git does not see it there, and a task that asks git in such a
 * directory would be led to another repository.
 */
export function removePlantedRepositories(
  checkout: string,
  directories: readonly string[],
  nested: readonly string[],
): void {
  for (const directory of directories) {
    const path = join(checkout, Buffer.from(directory, 'latin1').toString('utf8'), '.git');
    if (nested.includes(dirname(path)) || lstatSync(path, { throwIfNoEntry: false }) === undefined) continue;
    say('vcs', `deleting ${printable(path)}`);
    removeTree(path);
  }
}

/** Deletes the locks that a killed git leaves: nobody else works in this checkout. */
export function removeStaleLocks(checkout: string): void {
  const folder = join(checkout, '.git');
  for (const { name } of entriesOf(folder) ?? []) if (name.endsWith('.lock')) rmSync(join(folder, name));
  removeLocksBelow(join(folder, 'refs'));
}

function removeLocksBelow(folder: string): void {
  for (const entry of entriesOf(folder) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeLocksBelow(path);
    else if (entry.name.endsWith('.lock')) rmSync(path);
  }
}

import { dirname } from 'node:path';
import { readCommand } from './command.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';

export interface IndexContent {
  /** git was told to take some files for unchanged, whatever is in them */
  readonly hidesChanges: boolean;
  /** paths of submodules, relative to the checkout */
  readonly submodules: readonly string[];
  /** directories that hold tracked files, relative to the checkout, its root left out */
  readonly directories: readonly string[];
}

const submoduleMode = '160000';

/** Reads what git tracks in a checkout. Names of paths are byte strings (latin1). */
export async function readIndex(checkout: string, env: Environment): Promise<IndexContent> {
  const output = await readCommand('vcs', ['git', 'ls-files', '-z', '-v', '--stage'], { env, cwd: checkout });
  if (output === null) throw new ExitError(exitCode.error, `error: cannot read the index of ${checkout}`);
  const submodules: string[] = [];
  const directories = new Set<string>();
  let hidesChanges = false;
  let folder = '';
  for (const line of output.toString('latin1').split('\0')) {
    // `H 100644 <object> 0\tpath`
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const path = line.slice(tab + 1);
    if (!line.startsWith('H')) hidesChanges = true;
    if (line.startsWith(submoduleMode, 2)) submodules.push(path);
    const parent = dirname(path);
    if (parent === folder) continue;
    folder = parent;
    for (let at = parent; at !== '.' && !directories.has(at); at = dirname(at)) directories.add(at);
  }
  return { hidesChanges, submodules, directories: [...directories] };
}

import { existsSync, realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { openWorkTree } from '../base/work-tree.ts';
import { fail } from '../base/failure.ts';

export interface Repository {
  /** absolute path of the work tree's top */
  readonly top: string;
  /** the folder of config.yml, from the top */
  readonly root: string;
}

/** Finds the configuration and the repository around it. */
export function locateRepository(root: string, cwd: string): Repository {
  const folder = resolve(cwd, root);
  if (!existsSync(join(folder, 'config.yml'))) {
    fail(
      'configuration',
      `${join(root, 'config.yml')} is not there`,
      'run this in the top folder of a repository that has a taskcluster/ folder, or name the folder with -r',
    );
  }
  const { top } = openWorkTree(folder);
  // The compiler's paths start at the top; from there, what was typed is kept as it is.
  return { top, root: realpathSync(cwd) === realpathSync(top) ? root : relative(top, realpathSync(folder)) };
}

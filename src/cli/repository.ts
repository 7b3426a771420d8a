import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { git } from '../base/git.ts';
import { fail } from '../base/failure.ts';

export interface Repository {
  /** absolute path of the work tree's top */
  readonly top: string;
  /** the folder of config.yml, as typed */
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
  return { top: git(['rev-parse', '--show-toplevel'], folder), root };
}

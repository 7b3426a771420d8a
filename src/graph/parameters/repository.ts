import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { isErrno } from '../../base/files.ts';
import { openWorkTree } from '../../base/work-tree.ts';
import type { Parameters } from './parameters.ts';

/**
 * Parameters for the repository as it lies there, `overrides` over them. The project is the last part of the address of
 * `origin`; without one, the name of the folder. Fails with `configuration` outside of a repository.
 */
export function parametersFromRepository(
  repositoryTop: string,
  overrides: Partial<Parameters> = {},
  clock = systemClock,
): Parameters {
  const workTree = openWorkTree(repositoryTop);
  const { top } = workTree;
  const url = workTree.url();
  const headRev = workTree.head();
  const branch = workTree.branch();
  const now = clock.now();
  const seconds = Math.floor(now / 1000);
  return {
    base_repository: url,
    base_ref: '',
    base_rev: '',
    build_date: seconds,
    build_number: 1,
    do_not_optimize: [],
    enable_always_target: true,
    existing_tasks: {},
    files_changed: workTree.changedFiles(),
    filters: ['target_tasks_method'],
    head_ref: branch === '' ? headRev : branch,
    head_repository: url,
    head_rev: headRev,
    head_tag: '',
    level: '3',
    moz_build_date: new Date(now).toISOString().slice(0, 19).replace(/\D/g, ''),
    next_version: null,
    optimize_strategies: null,
    optimize_target_tasks: true,
    owner: 'nobody@mozilla.com',
    project: projectOf(url) || basename(top),
    pushdate: seconds,
    pushlog_id: '0',
    repository_type: workTree.type,
    target_tasks_method: 'default',
    tasks_for: '',
    version: versionOf(top),
    ...overrides,
  };
}

/** `https://host/owner/name.git` and `git@host:owner/name` → `name` */
function projectOf(url: string): string {
  return /([^/:]+?)(?:\.git)?\/*$/.exec(url)?.[1] ?? '';
}

/** The first line of version.txt, where there is one. */
export function versionOf(top: string): string | null {
  try {
    return readFileSync(join(top, 'version.txt'), 'utf8').split('\n', 1)[0]!.trimEnd();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EISDIR')) return null;
    throw error;
  }
}

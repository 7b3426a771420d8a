import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { isErrno } from '../../base/files.ts';
import { git, tryGit } from '../../base/git.ts';
import type { Parameters } from './parameters.ts';

/**
 * Parameters for the repository as it lies there, `overrides` over them. The project is the last part of the address of
 * `origin`; without one, the name of the folder. Fails with `configuration` outside of a git repository.
 */
export function parametersFromRepository(
  repositoryTop: string,
  overrides: Partial<Parameters> = {},
  clock = systemClock,
): Parameters {
  const top = git(['rev-parse', '--show-toplevel'], repositoryTop);
  const url = tryGit(['remote', 'get-url', 'origin'], top) ?? '';
  const headRev = tryGit(['rev-parse', '--verify', '--quiet', 'HEAD'], top) ?? '';
  const branch = git(['branch', '--show-current'], top);
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
    files_changed: changedFiles(top),
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
    repository_type: 'git',
    target_tasks_method: 'default',
    tasks_for: '',
    version: firstLine(join(top, 'version.txt')),
    ...overrides,
  };
}

/** Files that differ from the index, without those that are gone. */
function changedFiles(top: string): string[] {
  const names = git(['diff', '-z', '--name-only', '--no-renames', '--diff-filter=AM'], top);
  return names.split('\0').filter((name) => name !== '');
}

/** `https://host/owner/name.git` and `git@host:owner/name` → `name` */
function projectOf(url: string): string {
  return /([^/:]+?)(?:\.git)?\/*$/.exec(url)?.[1] ?? '';
}

function firstLine(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').split('\n', 1)[0]!.trimEnd();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EISDIR')) return null;
    throw error;
  }
}

import { join } from 'node:path';
import type { Environment } from './environment.ts';
import { makePrivateFolder } from './private-folder.ts';

export interface GitEnvironment {
  readonly env: Environment;
  /** deletes the private settings */
  dispose(): void;
}

/** Variables that would lead git to another repository than that of the directory we start it in. */
const ofOneRepository = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
]);

/**
 * The environment of our own git commands; nothing of it reaches the task or the user's files.
 *
 * A checkout may have been made by another user (a cache handed over), and a local repository may belong to anybody,
 * which git refuses unless told otherwise. It takes that only from a global file, since it hides GIT_CONFIG_COUNT
 * from the other side of a local transport; ours includes the user's own. What a task may have planted in the
 * repository's settings to run code is switched off.
 */
export function makeGitEnvironment(environment: Environment, ssh: string | null): GitEnvironment {
  const includes = globalFiles(environment).map((path) => `[include]\n\tpath = ${quote(path)}\n`);
  const config = `${includes.join('')}[safe]\n\tdirectory = *\n`;
  const folder = makePrivateFolder('run-task-git', { config });
  const env: Environment = {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => !ofOneRepository.has(name))),
    // abort where less than 1 kB/s comes for a minute
    GIT_HTTP_LOW_SPEED_LIMIT: '1024',
    GIT_HTTP_LOW_SPEED_TIME: '60',
    GIT_CONFIG_GLOBAL: join(folder.path, 'config'),
    ...(ssh === null ? {} : { GIT_SSH_COMMAND: ssh }),
  };
  addSettings(env, [
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    // They would start git in submodules before we have looked at those.
    ['fetch.recurseSubmodules', 'false'],
    ['submodule.recurse', 'false'],
    ['gc.autoDetach', 'false'],
    ['maintenance.autoDetach', 'false'],
    ['advice.detachedHead', 'false'],
  ]);
  return { env, dispose: () => folder.dispose() };
}

function addSettings(env: Environment, settings: readonly (readonly [string, string])[]): void {
  let count = Number(env['GIT_CONFIG_COUNT'] ?? 0);
  for (const [key, value] of settings) {
    env[`GIT_CONFIG_KEY_${count}`] = key;
    env[`GIT_CONFIG_VALUE_${count}`] = value;
    count += 1;
  }
  env['GIT_CONFIG_COUNT'] = String(count);
}

function globalFiles(environment: Environment): string[] {
  const named = environment['GIT_CONFIG_GLOBAL'];
  if (named !== undefined) return named === '' ? [] : [named];
  const home = environment['HOME'];
  const xdg = environment['XDG_CONFIG_HOME'] || (home === undefined ? undefined : join(home, '.config'));
  return [
    ...(xdg === undefined ? [] : [join(xdg, 'git', 'config')]),
    ...(home === undefined ? [] : [join(home, '.gitconfig')]),
  ];
}

function quote(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}

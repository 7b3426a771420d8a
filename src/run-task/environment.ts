import { resolve } from 'node:path';
import { say } from './log.ts';

/** Names and values of an environment; changed only by the steps of the run, in their order. */
export type Environment = Record<string, string>;

/** Names of variables that hold a path of the task and may be relative to where we were started. */
const paths = [
  'CARGO_HOME',
  'GECKO_PATH',
  'MOZ_FETCHES_DIR',
  'MOZ_PYTHON_HOME',
  'MOZ_UV_HOME',
  'PIP_CACHE_DIR',
  'UPLOAD_DIR',
  'UV_CACHE_DIR',
  'npm_config_cache',
];

/** Our own environment, without what is absent. */
export function ownEnvironment(): Environment {
  const environment: Environment = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) environment[name] = value;
  }
  restoreNodeOptions(environment);
  return environment;
}

/** Takes a variable that is meant for us alone. */
export function takeVariable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  delete environment[name];
  return value;
}

/** Makes well-known path variables, and `<PREFIX>_PATH` of every repository, absolute. */
export function makePathsAbsolute(environment: Environment, prefixes: readonly string[]): void {
  for (const name of [...paths, ...prefixes.map((prefix) => `${prefix.toUpperCase()}_PATH`)]) {
    const value = environment[name];
    if (value === undefined) continue;
    environment[name] = resolve(value);
    say('setup', `${name} is ${environment[name]}`);
  }
}

/** The first line of the bundle puts NODE_OPTIONS aside: it is meant for the command, and would be obeyed by us. */
function restoreNodeOptions(environment: Environment): void {
  const aside = takeVariable(environment, 'RUN_TASK_NODE_OPTIONS');
  if (aside !== undefined && aside !== '') environment['NODE_OPTIONS'] = aside;
}

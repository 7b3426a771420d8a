import { homedir } from 'node:os';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { readAccounts } from './accounts.ts';
import type { Arguments } from './arguments.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { parseJson } from './json.ts';

/** One repository of the task, as `<PREFIX>_…` variables and options describe it; null where they say nothing. */
export interface Repository {
  readonly prefix: string;
  readonly name: string;
  /** absolute */
  readonly checkout: string | null;
  readonly shallow: boolean;
  readonly type: string | null;
  readonly baseRepository: string | null;
  readonly baseRevision: string | null;
  readonly headRepository: string | null;
  readonly headRef: string | null;
  readonly headRevision: string | null;
  /** absolute paths of requirements files */
  readonly pipRequirements: string | null;
  readonly sshSecret: string | null;
}

/** Prefix and name of every repository: `REPOSITORIES`, a JSON object, or one repository `vcs`. */
export function readRepositoryNames(environment: Environment): ReadonlyMap<string, string> {
  const text = environment['REPOSITORIES'];
  if (text === undefined || text === '') return new Map([['vcs', 'repository']]);
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ExitError(
      exitCode.error,
      `error: REPOSITORIES is not a JSON object of prefixes and names: ${text}`,
    );
  }
  return new Map(Object.entries(value).map(([prefix, name]) => [prefix, String(name)]));
}

/** The repositories with all that is said about them, parents of others first. */
export function readRepositories(
  names: ReadonlyMap<string, string>,
  args: Arguments,
  environment: Environment,
): Repository[] {
  const repositories = [...names].map(([prefix, name]): Repository => {
    const variable = (suffix: string) => environment[`${prefix.toUpperCase()}_${suffix}`] || null;
    const written = args.checkouts.get(prefix);
    const checkout =
      written === undefined || written === '' ? null : resolve(expandHome(written, environment));
    const requirements = variable('PIP_REQUIREMENTS');
    return {
      prefix,
      name,
      checkout,
      shallow: args.shallow.has(prefix),
      type: variable('REPOSITORY_TYPE'),
      baseRepository: unified(variable('BASE_REPOSITORY')),
      baseRevision: variable('BASE_REV'),
      headRepository: variable('HEAD_REPOSITORY'),
      headRef: variable('HEAD_REF'),
      headRevision: variable('HEAD_REV'),
      pipRequirements: requirements === null ? null : placeIn(checkout ?? resolve('.'), requirements),
      sshSecret: variable('SSH_SECRET_NAME'),
    };
  });
  return repositories.sort((a, b) => comparePaths(a.checkout ?? '/', b.checkout ?? '/'));
}

/** `~` and `~user` at the start of a path, as a shell reads them; HOME counts first. */
export function expandHome(path: string, environment: Environment): string {
  const [, user, rest = ''] = /^~([^/]*)(.*)$/s.exec(path) ?? [];
  if (user === undefined) return path;
  if (user === '') return join(environment['HOME'] ?? homedir(), rest);
  const home = readAccounts().find(({ name }) => name === user)?.home;
  return home === undefined ? path : join(home, rest);
}

/** As written, so that messages of pip name it as the task does. */
function placeIn(directory: string, path: string): string {
  return isAbsolute(path) ? path : `${directory}/${path}`;
}

/** Clones of mozilla-central start from the repository that holds all its branches. */
function unified(repository: string | null): string | null {
  return repository === 'https://hg.mozilla.org/mozilla-central'
    ? 'https://hg.mozilla.org/mozilla-unified'
    : repository;
}

function comparePaths(a: string, b: string): number {
  const x = a.split(sep);
  const y = b.split(sep);
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const left = x[i] ?? '';
    const right = y[i] ?? '';
    if (left !== right) return left < right ? -1 : 1;
  }
  return x.length - y.length;
}

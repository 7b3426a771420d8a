import { join } from 'node:path';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { makeGitEnvironment } from './git-environment.ts';
import { checkOutGit } from './git.ts';
import { checkOutHg } from './hg.ts';
import { storePath } from './hg-store.ts';
import { tell } from './log.ts';
import { type Mounts, isBelow } from './mounts.ts';
import type { Repository } from './repositories.ts';
import { fetchSshKey } from './ssh-key.ts';
import { worldError } from './world-error.ts';

/** Checks one repository out, if the command line says where, and puts its revision into `<PREFIX>_HEAD_REV`. */
export async function checkOut(
  repository: Repository,
  all: readonly Repository[],
  mounts: Mounts,
  environment: Environment,
): Promise<void> {
  const { checkout, headRef, headRevision, headRepository } = repository;
  const variable = (suffix: string) => `${repository.prefix.toUpperCase()}_${suffix}`;
  if (checkout === null) {
    if (headRef === null || headRevision !== null) return;
    throw new ExitError(exitCode.error, 'task should be defined in terms of non-symbolic revision');
  }
  const missing = (what: string) =>
    new ExitError(exitCode.error, `error: cannot check out ${checkout}: ${what}`);
  if (repository.type !== 'git' && repository.type !== 'hg') {
    throw missing(`${variable('REPOSITORY_TYPE')} must be git or hg, not ${repository.type ?? 'absent'}`);
  }
  if (headRef === null && headRevision === null) {
    throw missing(`no revision: ${variable('HEAD_REV')} and ${variable('HEAD_REF')} are both absent`);
  }
  if (headRepository === null) throw missing(`${variable('HEAD_REPOSITORY')} is absent`);

  const places = repository.type === 'hg' ? [checkout, storePath(environment)] : [checkout];
  const isReplaceable = places.every((place) => mounts.around(place) !== null);
  const others = all.flatMap((other) => other.checkout ?? []);
  const mounted = mounts.below(checkout).map((path) => join(checkout, path));
  const nested = [...others.filter((path) => isBelow(path, checkout)), ...mounted];
  const whole = { ...repository, checkout, headRepository, nested, mounted, replaceable: isReplaceable };
  try {
    environment[variable('HEAD_REV')] = await (repository.type === 'hg'
      ? checkOutHg(whole, environment)
      : withGit(repository, environment, (env) => {
          if (headRef === null) tell('Providing a ref will improve the performance of this checkout');
          return checkOutGit(whole, env);
        }));
  } catch (error) {
    // Nothing but what earlier tasks left can be in the way in a cache: another cache has none of it.
    throw worldError(`checkout ${checkout}`, error, isReplaceable ? exitCode.purgeCaches : undefined);
  }
}

async function withGit<T>(
  { sshSecret }: Repository,
  environment: Environment,
  act: (env: Environment) => Promise<T>,
): Promise<T> {
  const key = sshSecret === null ? null : await fetchSshKey(sshSecret, environment);
  const git = makeGitEnvironment(environment, key?.command ?? null);
  try {
    return await act(git.env);
  } finally {
    git.dispose();
    key?.dispose();
  }
}

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isErrno } from '../base/files.ts';
import { markerIn } from './checkout-marker.ts';
import { type CommandOptions, readCommand, runCommand, runRequired } from './command.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode, signalBase } from './exit.ts';
import { cleanCheckout, removePlantedRepositories, removeStaleLocks } from './git-clean.ts';
import { cloneRepository } from './git-clone.ts';
import { everyBranch } from './git-config.ts';
import { mendGitDirectory } from './git-directory.ts';
import { readIndex } from './git-index.ts';
import { updateSubmodules } from './git-submodules.ts';
import { say, tell } from './log.ts';
import { isDirectory } from './mounts.ts';
import { removeTree, unlockTree } from './remove.ts';
import type { Repository } from './repositories.ts';
import { createTimings } from './timings.ts';

export interface GitCheckout extends Repository {
  readonly checkout: string;
  readonly headRepository: string;
  /** checkouts of other repositories inside this one, and what is mounted there */
  readonly nested: readonly string[];
  /** caches and volumes inside this one */
  readonly mounted: readonly string[];
  /** lies in a cache or volume: what is broken there may be deleted */
  readonly replaceable: boolean;
}

const nullRevision = '0'.repeat(40);
const retries = 2;

/** Brings a git checkout to the wanted revision, clean; answers the revision. Throws ExitError with git's code. */
export async function checkOutGit(repository: GitCheckout, environment: Environment): Promise<string> {
  const { checkout, headRepository } = repository;
  const timings = createTimings('vcs', environment);
  const marker = markerIn(join(checkout, '.git'));
  const killed = marker.wasSet;
  const there = await isWhole(repository, environment);
  await timings.record(['overall', there ? 'overall_pull' : 'overall_clone'], async () => {
    const clone = () =>
      timings.record(['clone'], () =>
        cloneRepository({ ...repository, from: originOf(repository) }, environment),
      );
    if (!there) await clone();
    if (repository.replaceable) marker.set();
    try {
      await updateOpened(repository, there, timings, environment);
    } catch (error) {
      if (!there || !repository.replaceable || !(error instanceof ExitError)) throw error;
      if (await isConsistent(checkout, environment)) {
        // What failed is then the revision or the network, unless git itself was killed.
        if (error.code <= signalBase) marker.clear();
        throw error;
      }
      say('vcs', `${checkout} is damaged; it is cloned again`);
      await clone();
      marker.set();
      await update(repository, false, timings, environment);
    }
    if (killed) say('vcs', `${checkout}: a run was killed while it changed this checkout; it is whole again`);
    marker.clear();
  });

  const revision = await readRevision(checkout, environment);
  say('vcs', linkTo(headRepository, revision));
  timings.report();
  return revision;
}

/** {@link update} that tries again when tasks closed directories, in which git then could not replace files. */
async function updateOpened(
  repository: GitCheckout,
  used: boolean,
  timings: ReturnType<typeof createTimings>,
  env: Environment,
): Promise<void> {
  const { checkout, replaceable } = repository;
  try {
    await update(repository, used, timings, env);
  } catch (error) {
    if (!used || !replaceable || !(error instanceof ExitError)) throw error;
    const { opened, foreign } = unlockTree(checkout);
    if (foreign) {
      tell(`error: in ${checkout} are directories of other users`);
      throw new ExitError(exitCode.purgeCaches);
    }
    if (opened === 0) throw error;
    await update(repository, used, timings, env);
  }
}

async function update(
  repository: GitCheckout,
  used: boolean,
  timings: ReturnType<typeof createTimings>,
  env: Environment,
): Promise<void> {
  const { checkout, headRepository, headRef, headRevision, shallow, baseRevision, nested } = repository;
  const here: CommandOptions = { env, cwd: checkout };
  const fetch = (name: string, from: string, targets: readonly string[], options: readonly string[] = []) =>
    timings.record([name], () => {
      const depth = shallow ? ['--depth=1'] : [];
      return runRequired(
        'vcs',
        ['git', 'fetch', ...options, ...depth, '--', from, ...targets],
        here,
        retries,
      );
    });

  if (!shallow) {
    const hasNoHistory = isShallow(checkout);
    if (hasNoHistory || !(await hasEveryBranch(here))) {
      say('vcs', `${checkout} has no history, which this task wants; fetching it`);
      const all = [...(hasNoHistory ? ['--unshallow'] : []), '--tags', '--force'];
      await fetch('unshallow', 'origin', [everyBranch], all);
      // Last, since git forgets that it had no history before it knows branches and tags.
      await runRequired('vcs', ['git', 'config', '--replace-all', 'remote.origin.fetch', everyBranch], here);
    }
  }
  // The base is often no ancestor of the head; tasks compare the two.
  if (baseRevision !== null && baseRevision !== nullRevision)
    await fetch('fetch_base', 'origin', [baseRevision]);
  // A ref may be a tag only in the base repository itself; --force, because tags can move.
  const maybeTag = headRef !== null && !headRef.startsWith('refs/heads/');
  const tags = maybeTag && repository.baseRepository === headRepository ? ['--tags', '--force'] : [];
  await fetch('pull', headRepository, targetsOf(repository), tags);

  const branch = headRef === null ? [] : ['-B', shortRef(headRef)];
  const revision = headRevision ?? 'FETCH_HEAD';
  const switchTo = () => runRequired('vcs', ['git', 'checkout', '-f', ...branch, revision, '--'], here);
  const index = await timings.record(['update'], async () => {
    await switchTo();
    if (!used) return null;
    const read = await readIndex(checkout, env);
    if (!read.hidesChanges) return read;
    say('vcs', `an earlier task told git to overlook changes in ${checkout}; writing all files anew`);
    removeTree(join(checkout, '.git/index'));
    await switchTo();
    return read;
  });
  if (index !== null) removePlantedRepositories(checkout, index.directories, nested);
  await updateSubmodules(
    checkout,
    index === null ? null : { submodules: index.submodules, nested },
    timings,
    env,
  );
  await timings.record(['purge'], () => cleanCheckout(checkout, nested, env));
}

function originOf({ baseRepository, headRepository }: GitCheckout): string {
  return baseRepository ?? headRepository;
}

function isShallow(checkout: string): boolean {
  return existsSync(join(checkout, '.git/shallow'));
}

/** False for a shallow clone, which is of one branch, until it has got all. */
async function hasEveryBranch(here: CommandOptions): Promise<boolean> {
  const setting = await readCommand('vcs', ['git', 'config', '--get-all', 'remote.origin.fetch'], here);
  return setting?.toString('utf8').split('\n').includes(everyBranch) ?? false;
}

function targetsOf({ headRef, headRevision, shallow }: GitCheckout): string[] {
  const targets = headRef === null ? [] : [headRef];
  // A shallow fetch of the ref does not hold older revisions.
  if (headRevision !== null && (headRef === null || shallow)) targets.push(headRevision);
  return [...new Set(targets)];
}

/**
 * True for a repository of its own with a commit checked out; a clone that was killed has none. One that tasks could
 * write to is mended first, since git would obey what is in it.
 */
async function isWhole(repository: GitCheckout, env: Environment): Promise<boolean> {
  const { checkout, replaceable } = repository;
  if (replaceable) {
    if (!isDirectory(checkout) || !(await isMended(repository, env))) return false;
  } else {
    if (!existsSync(join(checkout, '.git'))) return false;
    removeStaleLocks(checkout);
  }
  const command = ['git', 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}'];
  return (
    (await readCommand('vcs', command, {
      env: { ...env, GIT_CEILING_DIRECTORIES: dirname(checkout) },
      cwd: checkout,
    })) !== null
  );
}

async function isMended(repository: GitCheckout, env: Environment): Promise<boolean> {
  const { checkout } = repository;
  try {
    const marker = markerIn(join(checkout, '.git'));
    if (!(await mendGitDirectory(join(checkout, '.git'), originOf(repository), env))) return false;
    if (!marker.wasSet) return true;
    // The index is made anew too: it may know files that a kill or a power loss left half written.
    removeTree(join(checkout, '.git/index'));
    return await isConsistent(checkout, env);
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM', 'EIO')) return false;
    throw error;
  }
}

async function isConsistent(checkout: string, env: Environment): Promise<boolean> {
  return (await runCommand('vcs', ['git', 'fsck', '--connectivity-only'], { env, cwd: checkout })) === 0;
}

async function readRevision(checkout: string, env: Environment): Promise<string> {
  const output = await readCommand('vcs', ['git', 'rev-parse', '--verify', 'HEAD'], { env, cwd: checkout });
  const revision = output?.toString('latin1').trim() ?? '';
  if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(revision)) {
    throw new ExitError(exitCode.error, `error: ${checkout} has no revision after the checkout`);
  }
  return revision;
}

function shortRef(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, '');
}

function linkTo(repository: string, revision: string): string {
  const onGithub = repository.startsWith('https://github.com');
  const trimmed = onGithub ? repository.replace(/\/$/, '') : repository;
  const link = onGithub ? `${trimmed}/commit/${revision}` : trimmed;
  const name = onGithub ? (trimmed.split('/').at(-1) ?? '') : trimmed;
  return `TinderboxPrint:<a href='${link}' title='Built from ${name} commit ${revision}'>${revision}</a>`;
}

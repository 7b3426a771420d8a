import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CommandOptions, readCommand, runCommand, runRequired } from './command.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { cleanCheckout, removeStaleLocks } from './git-clean.ts';
import { cloneRepository } from './git-clone.ts';
import { say } from './log.ts';
import type { Repository } from './repositories.ts';
import { createTimings } from './timings.ts';

export interface GitCheckout extends Repository {
  readonly checkout: string;
  readonly headRepository: string;
  /** checkouts of other repositories inside this one */
  readonly nested: readonly string[];
  /** lies in a cache or volume: what is broken there may be deleted */
  readonly replaceable: boolean;
}

const nullRevision = '0'.repeat(40);
const retries = 2;

/** Brings a git checkout to the wanted revision, clean; answers the revision. Throws ExitError with git's code. */
export async function checkOutGit(repository: GitCheckout, environment: Environment): Promise<string> {
  const { checkout, headRepository } = repository;
  const timings = createTimings('vcs', environment);
  const there = await isWhole(checkout, environment);
  await timings.record(['overall', there ? 'overall_pull' : 'overall_clone'], async () => {
    const clone = () =>
      timings.record(['clone'], () =>
        cloneRepository({ ...repository, from: repository.baseRepository ?? headRepository }, environment),
      );
    if (there) removeStaleLocks(checkout);
    else await clone();
    try {
      await update(repository, timings, environment);
    } catch (error) {
      if (!there || !repository.replaceable || !(error instanceof ExitError)) throw error;
      if (await isConsistent(checkout, environment)) throw error;
      say('vcs', `${checkout} is damaged; it is cloned again`);
      await clone();
      await update(repository, timings, environment);
    }
  });

  const revision = await readRevision(checkout, environment);
  say('vcs', linkTo(headRepository, revision));
  timings.report();
  return revision;
}

async function update(
  repository: GitCheckout,
  timings: ReturnType<typeof createTimings>,
  env: Environment,
): Promise<void> {
  const { checkout, headRepository, headRef, headRevision, shallow, baseRevision } = repository;
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

  // The base is often no ancestor of the head; tasks compare the two.
  if (baseRevision !== null && baseRevision !== nullRevision)
    await fetch('fetch_base', 'origin', [baseRevision]);
  // A ref may be a tag only in the base repository itself; --force, because tags can move.
  const maybeTag = headRef !== null && !headRef.startsWith('refs/heads/');
  const tags = maybeTag && repository.baseRepository === headRepository ? ['--tags', '--force'] : [];
  await fetch('pull', headRepository, targetsOf(repository), tags);

  const branch = headRef === null ? [] : ['-B', shortRef(headRef)];
  const revision = headRevision ?? 'FETCH_HEAD';
  await timings.record(['update'], () =>
    runRequired('vcs', ['git', 'checkout', '-f', ...branch, revision, '--'], here),
  );
  if (existsSync(join(checkout, '.gitmodules'))) {
    await runRequired('vcs', ['git', 'submodule', 'init'], here);
    await timings.record(['submodule_update'], () =>
      runRequired('vcs', ['git', 'submodule', 'update', '--force'], here),
    );
  }
  await timings.record(['purge'], () => cleanCheckout(checkout, repository.nested, env));
}

function targetsOf({ headRef, headRevision, shallow }: GitCheckout): string[] {
  const targets = headRef === null ? [] : [headRef];
  // A shallow fetch of the ref does not hold older revisions.
  if (headRevision !== null && (headRef === null || shallow)) targets.push(headRevision);
  return [...new Set(targets)];
}

/** True for a repository of its own with a commit checked out; a clone that was killed has none. */
async function isWhole(checkout: string, env: Environment): Promise<boolean> {
  if (!existsSync(join(checkout, '.git'))) return false;
  const command = ['git', 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}'];
  return (
    (await readCommand('vcs', command, {
      env: { ...env, GIT_CEILING_DIRECTORIES: dirname(checkout) },
      cwd: checkout,
    })) !== null
  );
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

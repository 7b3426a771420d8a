import { resolve } from 'node:path';
import { type Arguments, parseArguments, usage } from './arguments.ts';
import { prepareCache } from './cache.ts';
import { checkOut } from './checkout.ts';
import { outermost, prepareCheckoutPlace, prepareStore } from './checkout-place.ts';
import { chownRequested } from './chown.ts';
import { runCommand } from './command.ts';
import { type Environment, makePathsAbsolute, ownEnvironment, takeVariable } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { fetchArtifacts } from './fetches.ts';
import { type Identity, dropPrivileges, resolveIdentity } from './identity.ts';
import { openKvm } from './kvm.ts';
import { libc } from './libc.ts';
import { say, tell } from './log.ts';
import { type Mounts, readMounts } from './mounts.ts';
import { installRequirements } from './pip.ts';
import { reapOrphans } from './reaper.ts';
import { type Repository, readRepositories, readRepositoryNames } from './repositories.ts';
import { checkSignals, watchSignals } from './signals.ts';
import { prepareVolume } from './volume.ts';

/** The whole run of a task; answers the exit code. Throws ExitError where it ends before the command's end. */
export async function run(argv: readonly string[]): Promise<number> {
  watchSignals();
  if (process.pid === 1 && libc !== null) reapOrphans(libc);
  const environment = ownEnvironment();
  environment['TASK_WORKDIR'] = process.cwd();
  const names = readRepositoryNames(environment);
  const args = readArguments(argv, [...names.keys()]);
  say('setup', `run-task started in ${process.cwd()}`);
  const repositories = readRepositories(names, args, environment);

  const identity = resolveIdentity(args.user, args.group);
  const mounts = prepareAsRoot(args, identity, repositories, environment);
  await checkSignals();
  dropPrivileges(identity);

  for (const repository of repositories) await checkOut(repository, repositories, mounts, environment);
  makePathsAbsolute(environment, [...names.keys()]);
  await fetchArtifacts(environment);
  await installRequirements(repositories, environment);
  const cwd = resolve(args.taskCwd ?? '.');
  return runCommand('task', args.command, { env: environment, cwd });
}

/** Everything that needs root, or looks at what a task may have left, before any of its code or files is used. */
function prepareAsRoot(
  args: Arguments,
  identity: Identity,
  repositories: readonly Repository[],
  environment: Environment,
): Mounts {
  const owner = identity.become === null ? null : identity;
  if (owner !== null) openKvm();
  const mounts = readMounts(
    takeVariable(environment, 'TASKCLUSTER_CACHES'),
    takeVariable(environment, 'TASKCLUSTER_VOLUMES'),
  );
  const untrusted = takeVariable(environment, 'TASKCLUSTER_UNTRUSTED_CACHES') !== undefined;
  const taskId = environment['TASK_ID'] ?? 'UNKNOWN';
  for (const cache of mounts.caches) prepareCache(cache, { identity, mounts, untrusted, taskId });
  for (const volume of mounts.volumes) prepareVolume(volume, identity, mounts);
  chownRequested(args, identity, mounts);

  const checkouts = repositories.flatMap(({ checkout }) => checkout ?? []);
  for (const checkout of outermost(checkouts)) prepareCheckoutPlace(checkout, owner, mounts);
  if (repositories.some(({ checkout, type }) => checkout !== null && type === 'hg')) {
    prepareStore(environment, owner, mounts);
  }
  return mounts;
}

function readArguments(argv: readonly string[], prefixes: readonly string[]): Arguments {
  const parsed = parseArguments(argv, prefixes);
  if (!parsed.ok) throw new ExitError(exitCode.usage, `${usage(prefixes)}\nrun-task: error: ${parsed.error}`);
  if (!parsed.value.help) return parsed.value;
  tell(usage(prefixes));
  if (libc === null) {
    tell(
      'As process 1 this form of run-task leaves orphans uncollected; the stand-alone executable collects them.',
    );
  }
  throw new ExitError(0);
}

import {
  createReadStream,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Pack } from 'tar-stream';
import { addEntry, header, packInto, writeZstd } from '../archive/repack.ts';
import { runRequired } from '../run-task/command.ts';
import type { Environment } from '../run-task/environment.ts';
import { ExitError, exitCode } from '../run-task/exit.ts';
import { makeGitEnvironment } from '../run-task/git-environment.ts';
import { say } from '../run-task/log.ts';
import { makePrivateFolder } from '../run-task/private-folder.ts';
import { fetchSshKey } from '../run-task/ssh-key.ts';
import type { Arguments } from './arguments.ts';

/** Makes a tar.zst of the files of a commit, submodules included, below one folder. */
export async function archiveGitCheckout(args: Arguments, environment: Environment): Promise<void> {
  const repo = args.value('repo') ?? '';
  const commit = args.value('commit') ?? '';
  const dest = args.value('dest') ?? '';
  const withGit = args.has('include-dot-git');
  const prefix = args.value('path-prefix') ?? repo.replace(/\/+$/, '').split('/').at(-1) ?? '';
  if (!dest.endsWith('.tar.zst')) {
    throw new ExitError(exitCode.error, `error: ${dest}: only .tar.zst archives can be made`);
  }
  if (!/^[^/]+(\/[^/]+)*$/.test(prefix) || prefix.split('/').includes('..') || commit.startsWith('-')) {
    throw new ExitError(exitCode.usage, `fetch-content: error: wrong prefix or commit: ${prefix} ${commit}`);
  }
  mkdirSync(dirname(dest), { recursive: true });

  const secret = args.value('ssh-key-secret');
  const key = secret === null ? null : await fetchSshKey(secret, environment);
  const git = makeGitEnvironment(environment, key?.command ?? null);
  const work = makePrivateFolder('fetch-content-git');
  try {
    const checkout = join(work.path, prefix);
    mkdirSync(dirname(checkout), { recursive: true });
    await checkOut({ repo, commit, checkout, withGit }, git.env);
    say('vcs', `creating archive ${dest} of commit ${commit}`);
    await writeZstd(dest, (output) =>
      packInto(output, (packing) => packTree(packing, checkout, prefix, withGit)),
    );
  } finally {
    work.dispose();
    git.dispose();
    key?.dispose();
  }
}

async function checkOut(
  { repo, commit, checkout, withGit }: { repo: string; commit: string; checkout: string; withGit: boolean },
  env: Environment,
): Promise<void> {
  const git = (args: readonly string[], cwd: string) => runRequired('vcs', ['git', ...args], { env, cwd });
  const parent = dirname(checkout);
  // A commit may be on no branch that the server would give alone, so all are fetched.
  await git(['clone', '-n', '--', repo, checkout], parent);
  // Without a branch git says what it checked out.
  await git(['checkout', '--detach', commit, '--'], checkout);
  if (withGit) {
    const whole = `${checkout}.orig`;
    renameSync(checkout, whole);
    await git(['clone', '--depth=1', '--', `file://${whole}`, checkout], parent);
    await git(['remote', 'set-url', 'origin', repo], checkout);
    rmSync(whole, { recursive: true });
  }
  const depth = withGit ? ['--depth=1'] : [];
  await git(['submodule', 'update', '--init', ...depth], checkout);
}

/** Sorted and without owners: the same commit gives the same names in the same order. */
async function packTree(packing: Pack, path: string, name: string, withGit: boolean): Promise<void> {
  const stats = lstatSync(path);
  const shared = { name, mode: stats.mode & 0o777, mtime: stats.mtime };
  if (stats.isSymbolicLink()) {
    await addEntry(packing, header({ ...shared, type: 'symlink', linkname: readlinkSync(path) }), null);
  } else if (stats.isDirectory()) {
    await addEntry(packing, header({ ...shared, name: `${name}/`, type: 'directory' }), null);
    for (const child of readdirSync(path).toSorted()) {
      if (child !== '.git' || withGit)
        await packTree(packing, join(path, child), `${name}/${child}`, withGit);
    }
  } else if (stats.isFile()) {
    await addEntry(packing, header({ ...shared, size: stats.size }), createReadStream(path));
  }
}

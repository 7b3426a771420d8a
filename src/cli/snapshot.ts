import { copyFileSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ensureDirectory, isErrno } from '../base/files.ts';
import { fail } from '../base/failure.ts';
import { git, tryGit } from '../base/git.ts';
import { sha256 } from '../base/hash.ts';

/** The commit that tasks check out, and the repository on this machine from which they get it. */
export interface Snapshot {
  /** a bare repository below `$CAISSON_HOME/source`; tasks see it read-only at this same path */
  readonly mirror: string;
  readonly revision: string;
  /** what HEAD is; null in a repository without commits */
  readonly head: string | null;
  readonly branch: string;
  /** the revision holds work that is not committed */
  readonly dirty: boolean;
}

/**
 * Records the tracked and not ignored files as they are, or HEAD, in a mirror. Nothing is written to the user's
 * repository: objects go to the mirror, the index is a copy. The same files on the same HEAD give the same revision.
 */
export function takeSnapshot(top: string, home: string, options: { readonly headOnly: boolean }): Snapshot {
  if (tryGit(['rev-parse', '--git-dir'], top) === null) {
    fail('configuration', `${top} is not in a git repository`, 'tasks run here check out from git only');
  }
  const mirror = join(home, 'source', `${basename(top)}-${sha256(top).slice(0, 12)}.git`);
  ensureDirectory(join(home, 'source'), 0o755);
  git(['init', '--quiet', '--bare', mirror], top);
  git(['--git-dir', mirror, 'config', 'uploadpack.allowAnySHA1InWant', 'true'], top);

  const head = tryGit(['rev-parse', '--verify', '--quiet', 'HEAD'], top);
  const branch = tryGit(['symbolic-ref', '--quiet', '--short', 'HEAD'], top) ?? 'caisson-snapshot';
  if (head !== null) {
    git(
      [
        '--git-dir',
        mirror,
        'fetch',
        '--quiet',
        '--no-tags',
        '--update-shallow',
        top,
        '+HEAD:refs/caisson/head',
      ],
      top,
    );
  } else if (options.headOnly) {
    fail('configuration', `${top} has no commit yet`, 'commit, or leave --head away');
  }
  const revision = options.headOnly && head !== null ? head : snapshotCommit(top, mirror, head);
  git(['--git-dir', mirror, 'update-ref', `refs/heads/${branch}`, revision], top);
  git(['--git-dir', mirror, 'symbolic-ref', 'HEAD', `refs/heads/${branch}`], top);
  return { mirror, revision, head, branch, dirty: revision !== head };
}

/** The revision that `takeSnapshot` gives to the files as they are; what it needs for that is left in `folder`. */
export function snapshotRevision(top: string, folder: string): string {
  const mirror = join(folder, 'snapshot.git');
  git(['init', '--quiet', '--bare', mirror], top);
  return snapshotCommit(top, mirror, tryGit(['rev-parse', '--verify', '--quiet', 'HEAD'], top));
}

function snapshotCommit(top: string, mirror: string, head: string | null): string {
  const index = join(mirror, `snapshot-${process.pid}.index`);
  const objects = resolve(top, git(['rev-parse', '--git-path', 'objects'], top));
  const env = {
    GIT_INDEX_FILE: index,
    GIT_OBJECT_DIRECTORY: join(mirror, 'objects'),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
  };
  try {
    // The user's index knows which files have not changed; without it every file would be read.
    copyIfThere(resolve(top, git(['rev-parse', '--git-path', 'index'], top)), index);
    git(['add', '--all', '.'], top, { env });
    const tree = git(['write-tree'], top, { env });
    if (head !== null && tree === git(['rev-parse', `${head}^{tree}`], top)) return head;
    const commit =
      head === null
        ? commitTree(top, tree, [], '2000-01-01T00:00:00Z', env)
        : commitTree(top, tree, ['-p', head], git(['show', '--no-patch', '--format=%cI', head], top), env);
    // What the user has staged is in the user's object store only: the mirror has to hold all of the commit.
    const wanted = head === null ? commit : `${commit}\n^${head}`;
    git(['pack-objects', '--quiet', '--revs', join(mirror, 'objects/pack/pack')], top, {
      env,
      input: `${wanted}\n`,
    });
    return commit;
  } finally {
    rmSync(index, { force: true });
    rmSync(`${index}.lock`, { force: true });
  }
}

function commitTree(
  top: string,
  tree: string,
  parents: readonly string[],
  date: string,
  env: Record<string, string>,
): string {
  const identity = {
    ...env,
    GIT_AUTHOR_NAME: 'caisson',
    GIT_AUTHOR_EMAIL: 'caisson@localhost',
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: 'caisson',
    GIT_COMMITTER_EMAIL: 'caisson@localhost',
    GIT_COMMITTER_DATE: date,
  };
  const message = 'snapshot of the working directory';
  return git(['commit-tree', tree, ...parents, '-m', message], top, { env: identity });
}

function copyIfThere(from: string, to: string): void {
  try {
    copyFileSync(from, to);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

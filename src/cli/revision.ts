import { existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { exitCodes, fail } from '../base/failure.ts';
import type { WorkTree } from '../base/work-tree.ts';
import type { Repository } from './repository.ts';

/** The files of another revision in a folder of their own, where they can be compiled. */
export interface Revision {
  readonly repository: Repository;
  /** the full hash */
  readonly commit: string;
}

/** The hash of what the user calls a revision. */
export function resolveRevision(workTree: WorkTree, revision: string): string {
  const hint = `${workTree.type === 'git' ? 'git log' : 'hg log'} has the revisions that there are`;
  return workTree.resolve(revision) ?? fail('usage', `there is no revision "${revision}"`, hint);
}

/**
 * Writes the files of a commit below `folder`. Nothing in the user's repository or work tree is touched. Packages that
 * plugins import are those that are installed for the work tree: version control does not keep them.
 */
export function exportRevision(
  workTree: WorkTree,
  { root }: Repository,
  commit: string,
  folder: string,
): Revision {
  const top = join(folder, commit);
  if (!existsSync(top)) workTree.exportTo(top, commit);
  const packages = nearestPackages(resolve(workTree.top, root));
  const link = join(folder, 'node_modules');
  if (packages !== null && !existsSync(link)) symlinkSync(packages, link);
  return { commit, repository: { top, root } };
}

function nearestPackages(folder: string): string | null {
  const packages = join(folder, 'node_modules');
  if (existsSync(packages)) return packages;
  return folder === dirname(folder) ? null : nearestPackages(dirname(folder));
}

/**
 * The same repository with a root that other trees can have too: from the top, not from the working directory or from
 * the file system's root.
 */
export function withPortableRoot({ top, root }: Repository): Repository {
  return { top, root: relative(realpathSync(top), realpathSync(resolve(top, root))) || '.' };
}

const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A folder for the work, gone when it is done or interrupted. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'caisson-revision-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const stop = (): void => process.exit(exitCodes.interrupted);
  process.once('exit', remove);
  for (const signal of interruptions) process.once(signal, stop);
  try {
    return await work(folder);
  } finally {
    for (const signal of interruptions) process.off(signal, stop);
    process.off('exit', remove);
    remove();
  }
}

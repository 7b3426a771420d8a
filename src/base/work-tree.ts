import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gitWorkTree } from './git-work-tree.ts';
import { hgWorkTree } from './hg-work-tree.ts';

/** The files of a repository as they lie in a folder, and what version control knows of them. */
export interface WorkTree {
  readonly type: 'git' | 'hg';
  /** absolute path of its top folder */
  readonly top: string;
  /** the full hash of the commit it stands on; empty before the first one */
  head(): string;
  /** git's branch, Mercurial's bookmark; empty when there is none */
  branch(): string;
  /** the address it was cloned from; empty when it was not */
  url(): string;
  /** files with changes that are not committed (git: not staged either), without those that are gone */
  changedFiles(): string[];
  trackedFiles(): string[];
  /** nothing is changed, but for files that version control does not know */
  isClean(): boolean;
  /** the newest commit below this one that others have too; the head itself when nothing is local */
  baseRevision(): string;
  /** the full hash of a revision however it is written; null when there is none */
  resolve(revision: string): string | null;
  /** Writes the files of a commit to a new folder, a work tree of its own; nothing in this one is touched. */
  exportTo(folder: string, commit: string): void;
}

/** The work tree around a folder. Fails with `configuration` when there is none. */
export function openWorkTree(folder: string): WorkTree {
  const start = resolve(folder);
  for (let place = start; ; place = dirname(place)) {
    if (statSync(join(place, '.hg'), { throwIfNoEntry: false })?.isDirectory()) return hgWorkTree(place);
    if (existsSync(join(place, '.git')) || place === dirname(place)) return gitWorkTree(start);
  }
}

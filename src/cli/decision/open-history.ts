import { openWorkTree } from '../../base/work-tree.ts';
import { gitHistory } from './git-history.ts';
import { hgHistory } from './hg-history.ts';
import type { History } from './history.ts';

/** Of the git or Mercurial repository around a folder. Fails with `configuration` when there is none. */
export function openHistory(folder: string): History {
  const workTree = openWorkTree(folder);
  return workTree.type === 'hg' ? hgHistory(workTree) : gitHistory(workTree.top);
}

import { hg, tryHg } from '../../base/hg-work-tree.ts';
import { namesIn } from '../../base/tool.ts';
import type { WorkTree } from '../../base/work-tree.ts';
import { type History, nullRevision } from './history.ts';

export function hgHistory({ top, resolve }: Pick<WorkTree, 'top' | 'resolve'>): History {
  return {
    top,
    commitMessage: () => hg(['log', '-r', '.', '-T', '{desc}'], top),
    has: (revision) => resolve(quoted(revision)) !== null,
    mergeBase(one, other) {
      const both = `last(ancestors(${quoted(one)}) and ancestors(${quoted(other)}))`;
      const found = tryHg(['log', '-r', both, '-T', '{node}'], top);
      return found === nullRevision ? null : found || null;
    },
    changedFiles(revision, base) {
      const commits = `${quoted(revision)} % ${base === null ? 'null' : quoted(base)}`;
      const changes = ['adds', 'dels', 'mods'].map((change) => `{file_${change} % '{file}\\0'}`).join('');
      return namesIn(hg(['log', '-r', commits, '-T', changes], top));
    },
    note: () => null,
  };
}

/** A revision as a word of Mercurial's language of revision sets. */
function quoted(revision: string): string {
  return `'${revision.replace(/[\\']/g, '\\$&')}'`;
}

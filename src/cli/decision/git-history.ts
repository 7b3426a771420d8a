import { git, tryGit } from '../../base/git.ts';
import { namesIn } from '../../base/tool.ts';
import type { History } from './history.ts';

/** The tree without files, which every git repository knows. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

export function gitHistory(top: string): History {
  return {
    top,
    commitMessage: () => git(['log', '-n1', '--format=%B'], top),
    has: (revision) => tryGit(['cat-file', '-e', `${revision}^{commit}`], top) !== null,
    mergeBase: (one, other) => tryGit(['merge-base', one, other], top),
    changedFiles(revision, base) {
      const isShallow = git(['rev-parse', '--is-shallow-repository'], top) === 'true';
      const options = ['-z', '--name-only', '--no-renames', '--diff-filter=ADM'];
      // A shallow clone has not all commits in between, but both trees.
      if (base === null || isShallow)
        return namesIn(git(['diff', ...options, base ?? emptyTree, revision], top));
      return namesIn(git(['log', '--format=', ...options, `${base}..${revision}`], top));
    },
    note(ref, remote) {
      if (tryGit(['fetch', '--quiet', remote, `+${ref}:${ref}`], top) === null) {
        // Who has no such ref has no note; everything else is an error.
        if (git(['ls-remote', remote, ref], top) === '') return null;
        git(['fetch', '--quiet', remote, `+${ref}:${ref}`], top);
      }
      return tryGit(['notes', `--ref=${ref}`, 'show', 'HEAD'], top);
    },
  };
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { git, tryGit } from './git.ts';
import { namesIn } from './tool.ts';
import type { WorkTree } from './work-tree.ts';

export function gitWorkTree(folder: string): WorkTree {
  const top = git(['rev-parse', '--show-toplevel'], folder);
  const head = (): string => tryGit(['rev-parse', '--verify', '--quiet', 'HEAD'], top) ?? '';
  return {
    type: 'git',
    top,
    head,
    branch: () => git(['branch', '--show-current'], top),
    url: () => tryGit(['remote', 'get-url', 'origin'], top) ?? '',
    changedFiles: () => namesIn(git(['diff', '-z', '--name-only', '--no-renames', '--diff-filter=AM'], top)),
    trackedFiles: () => namesIn(git(['ls-files', '-z'], top)),
    isClean: () => git(['status', '--porcelain', '--untracked-files=no'], top) === '',
    baseRevision() {
      const local = git(['rev-list', 'HEAD', '--topo-order', '--boundary', '--not', '--remotes'], top).split(
        '\n',
      );
      const last = local.at(-1)!;
      return last.startsWith('-') ? last.slice(1) : head();
    },
    resolve: (revision) =>
      tryGit(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], top),
    exportTo: (target, commit) => exportTo(top, target, commit),
  };
}

/**
 * A repository of its own that borrows the objects. The files are written with the original's configuration (line ends,
 * filters), but for what would write to it or leave files out, and without its hooks.
 */
function exportTo(top: string, target: string, commit: string): void {
  mkdirSync(target, { recursive: true });
  git(['init', '--quiet'], target);
  const objects = resolve(top, git(['rev-parse', '--git-path', 'objects'], top));
  writeFileSync(join(target, '.git/objects/info/alternates'), `${objects}\n`);
  const settings = [
    'core.hooksPath=/dev/null',
    'core.sparseCheckout=false',
    'core.splitIndex=false',
    'core.fsmonitor=false',
    'core.untrackedCache=false',
  ];
  const options = [
    `--git-dir=${git(['rev-parse', '--absolute-git-dir'], top)}`,
    `--work-tree=${target}`,
    ...settings.flatMap((setting) => ['-c', setting]),
  ];
  const env = { GIT_INDEX_FILE: join(target, '.git/index') };
  git([...options, 'read-tree', '-m', '-u', commit], target, { env });
  git(['update-ref', '--no-deref', 'HEAD', commit], target);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from './failure.ts';
import { isErrno } from './files.ts';
import { askTool, namesIn } from './tool.ts';
import type { WorkTree } from './work-tree.ts';

const nothing = '0'.repeat(40);
const share = ['--config', 'extensions.share='];

export function hgWorkTree(top: string): WorkTree {
  const log = (revision: string): string => hg(['log', '-r', revision, '-T', '{node}'], top);
  const head = (): string => {
    const node = log('.');
    return node === nothing ? '' : node;
  };
  return {
    type: 'hg',
    top,
    head,
    branch: () => activeBookmark(top),
    url: () => tryHg(['paths', 'default'], top) ?? '',
    changedFiles: () => namesIn(hg(['status', '--no-status', '--modified', '--added', '--print0'], top)),
    trackedFiles: () => namesIn(tryHg(['files', '--print0'], top) ?? ''),
    isClean: () => hg(['status', '--modified', '--added', '--removed', '--deleted'], top) === '',
    baseRevision() {
      const base = log('last(ancestors(.) and public())');
      return base === '' || base === nothing ? head() : base;
    },
    resolve: (revision) => tryHg(['log', '-r', revision, '-l', '1', '-T', '{node}'], top) || null,
    exportTo(folder, commit) {
      hg([...share, 'share', '--noupdate', top, folder], top);
      hg([...share, 'update', '--clean', '-r', commit], folder);
    },
  };
}

/** What an hg command prints, without white space at its ends. Fails with `unavailable` when hg is missing or refuses. */
export function hg(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = ask(args, cwd);
  if (status === 0) return stdout.trim();
  const command = args.find((arg) => !arg.startsWith('-') && !arg.includes('=')) ?? '';
  return fail('unavailable', `hg ${command} failed in ${cwd}: ${stderr.trim() || `exit status ${status}`}`);
}

/** The same, but null when hg refuses. */
export function tryHg(args: readonly string[], cwd: string): string | null {
  const { status, stdout } = ask(args, cwd);
  return status === 0 ? stdout.trim() : null;
}

function ask(args: readonly string[], cwd: string): ReturnType<typeof askTool> {
  return askTool('hg', args, cwd, { env: { HGPLAIN: '1', HGENCODING: 'UTF-8' } });
}

function activeBookmark(top: string): string {
  try {
    return readFileSync(join(top, '.hg/bookmarks.current'), 'utf8').trim();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

import { fail } from '../../base/failure.ts';
import { askGit } from '../../base/git.ts';

/**
 * The difference between two files below a folder with 20 lines around it, as `diff -U20` prints it with these labels;
 * null when they are the same.
 */
export function unifiedDiff(
  folder: string,
  before: { readonly file: string; readonly label: string },
  after: { readonly file: string; readonly label: string },
): string | null {
  const options = ['--no-index', '--no-color', '--no-ext-diff', '--no-textconv', '--text', '-U20'];
  const likeDiff = ['--diff-algorithm=myers', '--no-indent-heuristic'];
  // The user's own configuration of git does not count.
  const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_DIR: '/dev/null' };
  const done = askGit(['diff', ...options, ...likeDiff, before.file, after.file], folder, { env });
  if (done.status === 0) return null;
  if (done.status !== 1) fail('unavailable', `git diff failed: ${done.stderr.trim()}`);
  const hunks = done.stdout.slice(done.stdout.indexOf('\n@@') + 1).replace(/^(@@ .*? @@).*$/gm, '$1');
  return `--- ${before.label}\n+++ ${after.label}\n${hunks}`;
}

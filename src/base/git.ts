import { fail } from './failure.ts';
import { askTool } from './tool.ts';

/**
 * What a git command prints, without white space at its ends. Fails with `configuration` outside of a repository and
 * with `unavailable` when git is missing or refuses.
 */
export function git(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): string {
  const { status, stdout, stderr } = askTool('git', args, cwd, env);
  if (status === 0) return stdout.trim();
  if (/not a git repository/i.test(stderr)) {
    fail(
      'configuration',
      `${cwd} is not in a git repository`,
      'run this inside of a clone, or begin one with "git init"',
    );
  }
  return fail(
    'unavailable',
    `git ${args[0] ?? ''} failed in ${cwd}: ${stderr.trim() || `exit status ${status}`}`,
  );
}

/** The same, but null when git refuses: for questions that have no answer in some repositories. */
export function tryGit(args: readonly string[], cwd: string): string | null {
  const { status, stdout } = askTool('git', args, cwd);
  return status === 0 ? stdout.trim() : null;
}

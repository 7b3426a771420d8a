import { spawnSync } from 'node:child_process';
import { fail } from './failure.ts';
import { isErrno } from './files.ts';

/**
 * What a git command prints, without white space at its ends. Fails with `configuration` outside of a repository and
 * with `unavailable` when git is missing or refuses.
 */
export function git(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = start(args, cwd);
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
  const { status, stdout } = start(args, cwd);
  return status === 0 ? stdout.trim() : null;
}

function start(
  args: readonly string[],
  cwd: string,
): { status: number | null; stdout: string; stderr: string } {
  const done = spawnSync('git', args, {
    cwd,
    encoding: 'utf8',
    // Messages are read, so they must not be translated.
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 256 * 1024 * 1024,
  });
  if (done.error === undefined) return done;
  if (isErrno(done.error, 'ENOENT')) fail('unavailable', 'git could not be started', 'install git');
  throw done.error;
}

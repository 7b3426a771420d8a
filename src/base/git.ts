import { fail } from './failure.ts';
import { askTool, type ToolAnswer, type ToolOptions } from './tool.ts';

/**
 * Variables that say which repository is meant. Git sets them for hooks: a program that a hook starts and that looks at
 * other folders too would read, and write, the wrong repository. Here the working directory alone decides.
 */
const repositoryVariables = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_NAMESPACE',
];
const elsewhere = Object.fromEntries(repositoryVariables.map((name) => [name, undefined]));

/** Runs git in the repository around the working directory, whatever the environment says. */
export function askGit(
  args: readonly string[],
  cwd: string,
  { env, ...options }: ToolOptions = {},
): ToolAnswer {
  return askTool('git', args, cwd, { ...options, env: { ...elsewhere, ...env } });
}

/**
 * What a git command prints, without white space at its ends. Fails with `configuration` outside of a repository and
 * with `unavailable` when git is missing or refuses.
 */
export function git(args: readonly string[], cwd: string, options: ToolOptions = {}): string {
  const { status, stdout, stderr } = askGit(args, cwd, options);
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
  const { status, stdout } = askGit(args, cwd);
  return status === 0 ? stdout.trim() : null;
}

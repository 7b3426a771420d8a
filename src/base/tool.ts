import { spawnSync } from 'node:child_process';
import { fail } from './failure.ts';
import { isErrno } from './files.ts';

export interface ToolAnswer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  /** over our own environment; undefined takes a variable out */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** what it reads on standard input; default: nothing */
  readonly input?: string;
}

/** Runs a program of the machine to its end. Fails with `unavailable` when it is not installed. */
export function askTool(
  tool: string,
  args: readonly string[],
  cwd: string,
  { env = {}, input = '' }: ToolOptions = {},
): ToolAnswer {
  const done = spawnSync(tool, args, {
    cwd,
    encoding: 'utf8',
    input,
    // Messages are read, so they must not be translated.
    env: { ...process.env, LC_ALL: 'C', ...env },
    maxBuffer: 256 * 1024 * 1024,
  });
  if (done.error === undefined) return done;
  if (isErrno(done.error, 'ENOENT')) fail('unavailable', `${tool} could not be started`, `install ${tool}`);
  throw done.error;
}

/** The names in a list that a program ends with NUL each. */
export function namesIn(output: string): string[] {
  return output.split('\0').filter((name) => name !== '');
}

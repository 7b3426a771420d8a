import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestRepository } from './repository.ts';

export const root = join(import.meta.dirname, '../..');
const cli = join(root, 'dist/cli.mjs');

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program in the repository. */
export function caisson(
  repository: TestRepository,
  args: readonly string[],
  env: Record<string, string> = {},
): Finished {
  if (!existsSync(cli)) throw new Error('dist/cli.mjs is missing: npm run build');
  const done = spawnSync(process.execPath, [cli, ...args], {
    cwd: repository.top,
    encoding: 'utf8',
    env: { ...process.env, CAISSON_HOME: repository.home, NO_COLOR: '1', ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** The same while this process goes on, which may be serving what the program asks. */
export async function caissonBeside(
  repository: Pick<TestRepository, 'top' | 'home'>,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: repository.top,
    env: { ...process.env, CAISSON_HOME: repository.home, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = [child.stdout, child.stderr].map(async (stream) => {
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  });
  const status = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout = '', stderr = ''] = await Promise.all(texts);
  return { status: await status, stdout, stderr };
}

/** Starts it and waits until it has said something. */
export async function startCaisson(
  repository: TestRepository,
  args: readonly string[],
  until: RegExp,
): Promise<{
  child: ChildProcess;
  exited: Promise<number | NodeJS.Signals | null>;
  /** all that it has printed so far */
  readonly said: () => string;
}> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: repository.top,
    env: { ...process.env, CAISSON_HOME: repository.home, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (until.test(said)) resolve();
    });
    child.once('exit', () => reject(new Error(`ended before it said ${until}:\n${said}`)));
  });
  return { child, exited, said: () => said };
}

export interface Report {
  readonly ok: boolean;
  readonly tasks: readonly {
    readonly label: string;
    readonly taskId: string;
    readonly state: string;
    readonly reason: string;
    readonly exitCode: number | null;
    readonly caches: readonly {
      name: string;
      mountPoint: string;
      state: string;
      why: string | null;
      generation: number | null;
    }[];
  }[];
}

export function report(finished: Finished): Report {
  if (finished.stdout === '') throw new Error(`no report:\n${finished.stderr}`);
  return JSON.parse(finished.stdout) as Report;
}

const runs = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** What the sandbox needs; tests that need it say so in their titles. */
export const sandboxed = process.getuid?.() === 0 && (runs('crun') || runs('runc'));

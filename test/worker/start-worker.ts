import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { root } from '../support/caisson.ts';

/** Builds the program in `worker-process.ts` into a folder. */
export async function buildWorker(folder: string): Promise<string> {
  const outfile = join(folder, 'worker.mjs');
  // The bundle lies outside of the project: it finds neither the package by its name nor what lies beside the sources.
  const sqlite = fileURLToPath(import.meta.resolve('@photostructure/sqlite'));
  await build({
    entryPoints: [join(import.meta.dirname, 'worker-process.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    define: { 'import.meta.dirname': JSON.stringify(join(root, 'test/support')) },
    alias: { '@photostructure/sqlite': sqlite },
    external: [sqlite],
  });
  return outfile;
}

export interface StartedWorker {
  readonly child: ChildProcess;
  /** null when a signal ended it */
  readonly exited: Promise<number | null>;
}

/** Starts it and waits until a task has printed that line. */
export async function startWorkerProcess(
  program: string,
  args: readonly string[],
  line: string,
): Promise<StartedWorker> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.split('\n').includes(line)) resolve();
    });
    child.once('exit', () => reject(new Error(`the worker ended before its task said ${line}:\n${said}`)));
  });
  return { child, exited };
}

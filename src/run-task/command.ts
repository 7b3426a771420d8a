import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { constants as systemConstants } from 'node:os';
import type { Readable } from 'node:stream';
import type { Environment } from './environment.ts';
import { ExitError, exitCode, signalBase } from './exit.ts';
import { libc } from './libc.ts';
import { createLinePrefixer } from './line-prefixer.ts';
import { say, tell, writeBytes } from './log.ts';
import { isDirectory } from './mounts.ts';
import { makeOutputPipe } from './output-pipe.ts';
import { findProgram } from './program.ts';
import { keepFromReaper } from './reaper.ts';
import { checkSignals, passSignalsTo, pause, signalExit } from './signals.ts';

export interface CommandOptions {
  readonly env: Environment;
  /** absolute; our own when absent */
  readonly cwd?: string;
}

/** How long output is still read when the command is gone and something it left behind keeps it open. */
const lingering = 5_000;

/**
 * Runs a command with our standard input, prints both its output streams in the order they were written, each line
 * with a prefix, and answers its exit code: 128+n when it died of signal n, 126 or 127 when it cannot be started.
 */
export async function runCommand(
  prefix: string,
  command: readonly string[],
  { env, cwd = process.cwd() }: CommandOptions,
): Promise<number> {
  await checkSignals();
  say(prefix, `executing ${JSON.stringify(command)}`);
  const program = findProgram(command[0] ?? '', env, cwd);
  if (program.state === 'not-found')
    return cannotStart(`command not found: ${command[0]}`, exitCode.notFound);
  if (program.state === 'not-executable') {
    return cannotStart(`command cannot be executed: ${command[0]}`, exitCode.notExecutable);
  }
  if (!isDirectory(cwd, true)) return cannotStart(`no such directory to run in: ${cwd}`, exitCode.error);

  const pipe = makeOutputPipe(libc);
  const sink: StdioOptions =
    pipe === null ? ['inherit', 'pipe', 'pipe'] : ['inherit', pipe.writeEnd, pipe.writeEnd];
  // Found here, since runtimes differ in where they look.
  const options = { cwd, env: { ...env }, stdio: sink, argv0: command[0] ?? '' };
  const child = spawn(program.path, command.slice(1), options);
  const outputs = pipe === null ? [child.stdout, child.stderr] : [pipe.readEnd];
  const drained = Promise.all(outputs.flatMap((output) => (output ? prefixOutput(prefix, output) : [])));
  passSignalsTo(child.pid ?? null);
  const ended = exitOf(child);
  pipe?.closeWriteEnd();

  const code = await ended;
  passSignalsTo(null);
  await drainedOrTired(drained, outputs);
  const signalled = signalExit();
  if (signalled !== null) throw new ExitError(code === 0 ? signalled : code);
  return code;
}

/** {@link runCommand} that throws ExitError with the command's code unless it is 0; tries again `retries` times. */
export async function runRequired(
  prefix: string,
  command: readonly string[],
  options: CommandOptions,
  retries = 0,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const code = await runCommand(prefix, command, options);
    if (code === 0) return;
    if (attempt > retries) throw new ExitError(code);
    await pause(1000 * 2 ** attempt);
  }
}

/** Runs a command and answers what it prints on standard output; its errors go to the log. Null: it failed. */
export async function readCommand(
  prefix: string,
  command: readonly string[],
  { env, cwd = process.cwd() }: CommandOptions,
): Promise<Buffer | null> {
  await checkSignals();
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  passSignalsTo(child.pid ?? null);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = await Promise.all([exitOf(child), prefixOutput(prefix, child.stderr), ended(child.stdout)]);
  passSignalsTo(null);
  return code === 0 ? Buffer.concat(chunks) : null;
}

function prefixOutput(prefix: string, output: Readable): Promise<void> {
  const prefixer = createLinePrefixer(prefix, writeBytes);
  output.on('data', (chunk: Buffer) => prefixer.take(chunk));
  return ended(output).then(() => prefixer.end());
}

function ended(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on('close', resolve);
    stream.on('error', reject);
  });
}

/** Something in the background may hold the output for ever; the command is over all the same. */
async function drainedOrTired(
  drained: Promise<unknown>,
  outputs: readonly (Readable | null)[],
): Promise<void> {
  const timer = setTimeout(() => {
    for (const output of outputs) output?.destroy();
  }, lingering);
  await drained;
  clearTimeout(timer);
}

function exitOf(child: ChildProcess): Promise<number> {
  const forget = keepFromReaper(child.pid);
  return new Promise<number>((resolve) => {
    child.on('error', (error) =>
      resolve(cannotStart(`cannot start the command: ${error.message}`, exitCode.error)),
    );
    child.on('exit', (code, signal) => {
      resolve(code ?? signalBase + (signal === null ? 0 : systemConstants.signals[signal]));
    });
  }).finally(forget);
}

function cannotStart(text: string, code: number): number {
  tell(`error: ${text}`);
  return code;
}

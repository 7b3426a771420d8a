import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { isErrno } from './files.ts';

export interface ProcessOptions {
  readonly cwd?: string;
  /** complete: nothing of our own environment is added */
  readonly env: Readonly<Record<string, string>>;
  /** a file descriptor to write to, `ignore`, or a function that gets the bytes; default `ignore` */
  readonly stdout?: Sink;
  readonly stderr?: Sink;
  /** our descriptors that the process gets as 3, 4, … */
  readonly inherit?: readonly number[];
  /** stops the process when it aborts, as `stop` does */
  readonly signal?: AbortSignal;
  /** milliseconds between SIGTERM and SIGKILL; default 3000 */
  readonly grace?: number;
}

/** Gets output as it comes; while the promise that it returns is pending, nothing more is read. */
export type Output = (chunk: Uint8Array) => void | Promise<void>;
export type Sink = number | 'ignore' | Output;

export type ProcessEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals }
  /** ended after `stop` or an abort, however it ended */
  | { readonly kind: 'stopped' }
  /** never ran; `errno` is the system's code, e.g. ENOENT */
  | { readonly kind: 'not-started'; readonly errno: string };

export interface RunningProcess {
  /** also the id of its session and process group; null when it could not be started */
  readonly pid: number | null;
  /** settles when the process has ended and all its output was taken; rejects only when a sink does */
  readonly ended: Promise<ProcessEnd>;
  /** SIGTERM to the whole process group, SIGKILL after the grace period; resolves with `ended` */
  stop(): Promise<ProcessEnd>;
}

const defaultGrace = 3000;

/**
 * Starts a program in a session of its own, without a terminal and without input. What it leaves in the background
 * is stopped with it only as far as it stayed in its process group.
 */
export function startProcess(command: readonly string[], options: ProcessOptions): RunningProcess {
  const [program, ...args] = command;
  if (program === undefined) throw new TypeError('an empty command');
  const child = spawn(program, args, {
    detached: true,
    env: { ...options.env },
    stdio: ['ignore', stdioOf(options.stdout), stdioOf(options.stderr), ...(options.inherit ?? [])],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let stopped = false;
  const exit = exitOf(child).then((end) => (stopped && end.kind !== 'not-started' ? stoppedEnd : end));
  const ended = settle(child, exit, options);

  async function stop(): Promise<ProcessEnd> {
    if (child.pid === undefined) return ended;
    stopped ||= child.exitCode === null && child.signalCode === null;
    const leader = child.pid;
    signalGroup(leader, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(leader, 'SIGKILL'), options.grace ?? defaultGrace);
    try {
      return await ended;
    } finally {
      clearTimeout(timer);
      signalGroup(leader, 'SIGKILL');
    }
  }

  const { signal } = options;
  if (signal !== undefined) {
    const onAbort = () => void stop().catch(() => undefined); // whoever awaits `ended` gets the rejection
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const forget = () => signal.removeEventListener('abort', onAbort);
    ended.then(forget, forget);
  }
  return { pid: child.pid ?? null, ended, stop };
}

/** Sends a signal to every process of a group; false when the group is empty. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-leader, signal);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    throw error;
  }
}

/**
 * Hands a stream's bytes to a sink, one chunk at a time; settles at its end, rejects when either side fails.
 * (Not by `data` events: Node resumes the streams of a child that exits, paused or not.)
 */
export async function pump(stream: Readable, output: Output): Promise<void> {
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const taken = output(chunk);
    if (taken !== undefined) await taken;
  }
}

const stoppedEnd: ProcessEnd = { kind: 'stopped' };

function stdioOf(sink: Sink | undefined): number | 'ignore' | 'pipe' {
  return typeof sink === 'function' ? 'pipe' : (sink ?? 'ignore');
}

function exitOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      if (child.pid !== undefined || !('code' in error)) reject(error);
      else resolve({ kind: 'not-started', errno: String(error.code) });
    });
    child.on('exit', (code, signal) => {
      if (signal !== null) resolve({ kind: 'signalled', signal });
      else resolve({ kind: 'exited', code: code ?? 0 });
    });
  });
}

async function settle(
  child: ChildProcess,
  exit: Promise<ProcessEnd>,
  { stdout, stderr }: ProcessOptions,
): Promise<ProcessEnd> {
  const pumps = [];
  if (typeof stdout === 'function' && child.stdout) pumps.push(pump(child.stdout, stdout));
  if (typeof stderr === 'function' && child.stderr) pumps.push(pump(child.stderr, stderr));
  const [end] = await Promise.all([exit, ...pumps]);
  return end;
}

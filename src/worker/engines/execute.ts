import { setTimeout as sleep } from 'node:timers/promises';
import type { Output } from '../../base/process.ts';
import type { Exit } from './engine.ts';
import { openOutputPipe } from './output.ts';
import { grace, killAll, type Population, terminate } from './stop.ts';

interface Execution {
  readonly scratch: string;
  readonly commands: readonly (readonly string[])[];
  /** runs one command with its stdout and stderr on that file descriptor, to its end */
  readonly runOne: (command: readonly string[], writeEnd: number) => Promise<Exit>;
  readonly population: Population;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/**
 * What is the same for every engine: the commands one after another into one pipe, an end for all of them when the
 * signal aborts, and after the last one nothing left running and nothing left unread.
 */
export async function runCommands(execution: Execution): Promise<Exit> {
  const { scratch, population, output, signal } = execution;
  if (signal.aborted) return { kind: 'aborted' };
  const pipe = await openOutputPipe(scratch);
  const broken = new AbortController();
  const reading = pipe.read(output);
  reading.catch(() => broken.abort());
  const stop = AbortSignal.any([signal, broken.signal]);
  try {
    const exit = await runUntil(execution, stop, pipe.writeEnd);
    const nothingLeft = await killAll(population);
    pipe.closeWriteEnd();
    // Somebody who takes no more output must not hold up the end of a task that was stopped.
    await (stop.aborted || !nothingLeft
      ? Promise.race([reading, sleep(grace, undefined, { ref: false })])
      : reading);
    if (nothingLeft || exit.kind === 'engine-failed') return exit;
    const message = 'processes of the task hang in the kernel and cannot be killed';
    return { kind: 'engine-failed', failure: { kind: 'unavailable', message } };
  } finally {
    pipe.closeWriteEnd();
    pipe.abandon();
  }
}

async function runUntil(
  { commands, runOne, population }: Execution,
  stop: AbortSignal,
  writeEnd: number,
): Promise<Exit> {
  let stopping: Promise<unknown> | undefined;
  const onAbort = () => {
    stopping = terminate(population).then(() => killAll(population));
    stopping.catch(() => undefined); // awaited below
  };
  stop.addEventListener('abort', onAbort, { once: true });
  try {
    let exit: Exit = { kind: 'exited', code: 0 };
    for (const command of commands) {
      if (stop.aborted) break;
      exit = await runOne(command, writeEnd);
      if (exit.kind !== 'exited' || exit.code !== 0) break;
    }
    await stopping;
    return stop.aborted ? { kind: 'aborted' } : exit;
  } finally {
    stop.removeEventListener('abort', onAbort);
  }
}

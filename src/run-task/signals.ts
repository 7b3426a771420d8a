import { isatty } from 'node:tty';
import { isErrno } from '../base/files.ts';
import { ExitError, signalBase } from './exit.ts';

/** Signals that are meant for the command when they reach us. */
const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;
/** Those that end a process which does not handle them, and that we end of too. */
const ending: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];
const numbers: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGTERM: 15,
};

let ended: NodeJS.Signals | null = null;
let target: number | null = null;
let wake: () => void = () => undefined;

/** From here on signals are noted and passed to the command that runs, instead of killing us alone. */
export function watchSignals(): void {
  for (const signal of forwarded) {
    process.on(signal, () => {
      if (ending.includes(signal)) {
        ended ??= signal;
        wake();
      }
      // A terminal sends its interrupt to the whole foreground group, the command included.
      if (target !== null && !(signal === 'SIGINT' && isatty(0))) send(target, signal);
    });
  }
}

/** Signals go to this process from now on; null: to nobody. */
export function passSignalsTo(pid: number | null): void {
  target = pid;
}

/** The exit code that a signal which ended us stands for; null when none came. */
export function signalExit(): number | null {
  return ended === null ? null : signalBase + (numbers[ended] ?? 0);
}

/** Lets pending signals in and throws ExitError when one was to end us. Between the steps of the run. */
export async function checkSignals(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  const code = signalExit();
  if (code !== null) throw new ExitError(code, `error: stopped by ${ended}`);
}

/** Waits; a signal that is to end us ends the wait, and the run. */
export async function pause(milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  wake = () => undefined;
  await checkSignals();
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already, or become another user: then the signal is not ours to give.
    if (!isErrno(error, 'ESRCH', 'EPERM')) throw error;
  }
}

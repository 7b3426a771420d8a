/** Ends the run with an exit code; caught in main.ts alone. What is to be said has been, or is `message`. */
export class ExitError extends Error {
  readonly code: number;

  constructor(code: number, message = '') {
    super(message);
    this.name = 'ExitError';
    this.code = code;
  }
}

/** Exit codes of the wrapper itself; every other one is the command's. */
export const exitCode = {
  error: 1,
  usage: 2,
  /** the worker purges the task's caches and runs it again */
  purgeCaches: 72,
  notExecutable: 126,
  notFound: 127,
} as const;

/** A shell's way to say that a process died of a signal. */
export const signalBase = 128;

import type { Diagnostic } from './diagnostic.ts';

/** Every way in which a command can fail that is not a bug, with the exit code of each. */
export const exitCodes = {
  /** a task failed */
  'task-failed': 1,
  /** the command line is wrong */
  usage: 64,
  /** the configuration (config.yml, kind.yml, parameters, …) is wrong */
  configuration: 65,
  /** an engine, a queue or a file system that is needed is not there */
  unavailable: 69,
  /** our own bug */
  internal: 70,
  /** caches have to be purged */
  'purge-caches': 72,
  /** the claim on a task was lost */
  'claim-lost': 75,
  /** interrupted by the user */
  interrupted: 130,
} as const;

export type FailureKind = keyof typeof exitCodes;

/** Something that the user, or the world, can put right. */
export interface Failure {
  readonly kind: FailureKind;
  /** one sentence: what is wrong, and where */
  readonly message: string;
  /** what to do about it */
  readonly hint?: string;
  /** for `configuration`: mistakes, each at its place */
  readonly diagnostics?: readonly Diagnostic[];
  /** how many mistakes there are beside `diagnostics`; default: 0 */
  readonly untold?: number;
}

/** Carries a failure across frames that have no decision to take; caught where a part meets its caller. */
export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: { cause?: unknown }) {
    super(failure.message, options);
    this.name = 'FailureError';
    this.failure = failure;
  }
}

export function fail(kind: FailureKind, message: string, hint?: string): never {
  throw new FailureError(hint === undefined ? { kind, message } : { kind, message, hint });
}

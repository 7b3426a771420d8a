import { keys, type Shape, text } from '../../load/shape.ts';
import type { Mapping } from '../../values/plain.ts';
import type { Draft, TransformContext } from '../transform.ts';

/** One way to run something: what `run.using` names. */
export interface RunUsing {
  /** worker implementations it can make tasks for */
  readonly implementations: readonly string[];
  readonly defaults?: Readonly<Mapping>;
  /** of `run`, after defaults */
  readonly shape: Shape;
  /** keys of `run` that mean something; others are told as a warning */
  readonly known: readonly string[];
  /** completes the draft, mostly `worker`; mistakes are thrown as DraftError */
  configure(context: TransformContext, draft: Draft, run: Mapping): void;
}

/** Stands for something that an optimization replaces by a task that exists. */
export const alwaysOptimized: RunUsing = {
  implementations: ['always-optimized'],
  shape: keys({ required: { using: text } }),
  known: ['using', 'workdir'],
  configure() {},
};

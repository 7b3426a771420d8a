import type { Place } from '../../base/diagnostic.ts';
import { DockerContextError } from '../docker-context/context-error.ts';
import type { Hint } from '../mistakes.ts';
import { KeyedByError } from '../values/keyed-by.ts';
import { PythonFormatError } from '../values/python-format.ts';
import { PythonRegexError } from '../values/python-regex.ts';
import type { Draft, TransformContext } from './transform.ts';

type DraftPath = readonly (string | number)[];

/** A mistake in a draft that ends the work on it; `stepThrough` reports it. */
export class DraftError extends Error {
  override readonly name = 'DraftError';
  readonly path: DraftPath;
  readonly hint: Hint | undefined;
  /** where it went wrong when that is not in the draft's own file: in a plugin */
  readonly place: Place | undefined;

  constructor(message: string, path: DraftPath = [], hint?: Hint, place?: Place) {
    super(message);
    this.path = path;
    this.hint = hint;
    this.place = place;
  }
}

/** A task that there is not; or only not any more, since it was left out because of a mistake of its own. */
export class MissingTaskError extends DraftError {}

/**
 * Makes of every draft none, one or several others. A draft that turns out to be wrong (DraftError, or an error of its
 * values) is reported and left out, and the next one is looked at.
 */
export function* stepThrough(
  context: TransformContext,
  drafts: Iterable<Draft>,
  step: (draft: Draft) => Draft | readonly Draft[],
): Generator<Draft> {
  for (const draft of drafts) {
    let made: Draft | readonly Draft[];
    try {
      made = step(draft);
    } catch (error) {
      reportDraftError(context, draft, error);
      continue;
    }
    if (Array.isArray(made)) yield* made as readonly Draft[];
    else yield made as Draft;
  }
}

/** Reports an error that is a mistake in a draft; throws every other one again. */
export function reportDraftError(context: TransformContext, draft: Draft, error: unknown): void {
  if (error instanceof DraftError) {
    const { message, path, hint, place } = error;
    context.report({
      severity: 'error',
      message,
      draft,
      path,
      ...(hint === undefined ? {} : { hint }),
      ...(place === undefined ? {} : { place }),
      ...(error instanceof MissingTaskError ? { missesTask: true } : {}),
    });
    return;
  }
  const isMistake =
    error instanceof KeyedByError ||
    error instanceof PythonFormatError ||
    error instanceof PythonRegexError ||
    error instanceof DockerContextError;
  if (!isMistake) throw error;
  const path = 'path' in error ? error.path : [];
  context.report({ severity: 'error', message: error.message, draft, path });
}

/** Gives a path to mistakes in a part of a draft that do not know theirs. */
export function inField<T>(path: DraftPath, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isOfValues = error instanceof KeyedByError || error instanceof PythonFormatError;
    if (isOfValues && error.path.length > 0) throw error;
    if (isOfValues || error instanceof DockerContextError) throw new DraftError(error.message, path);
    throw error;
  }
}

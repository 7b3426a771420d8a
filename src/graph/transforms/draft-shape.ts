import { didYouMean } from '../../base/suggest.ts';
import { modernKey } from '../load/old-names.ts';
import type { Shape } from '../load/shape.ts';
import { isMapping } from '../values/plain.ts';
import type { Draft, TransformContext } from './transform.ts';

/** What drafts must look like for a transform to work on them. */
export interface DraftShape {
  /** top-level keys that must be there */
  readonly required?: readonly string[];
  readonly shape: Shape;
}

/** Lets drafts of the right shape through; of all others every mistake is reported. */
export function* shaped(
  context: TransformContext,
  drafts: Iterable<Draft>,
  { required = [], shape }: DraftShape,
): Generator<Draft> {
  for (const draft of drafts) {
    let isRight = true;
    for (const key of required) {
      if (Object.hasOwn(draft, key)) continue;
      isRight = false;
      context.report({ severity: 'error', message: `the task needs the key "${key}"`, draft });
    }
    shape(draft, [], (mistake) => {
      isRight = false;
      context.report({ severity: 'error', ...mistake, draft });
    });
    if (isRight) yield draft;
  }
}

/** Warns of keys of a part of a draft that nobody looks at: most likely they are misspelled. */
export function warnOfUnknownKeys(
  context: TransformContext,
  draft: Draft,
  path: readonly string[],
  known: readonly string[],
): void {
  const part = path.reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), draft);
  if (!isMapping(part)) return;
  for (const key in part) {
    if (known.includes(key)) continue;
    const hint = modernKey(path.join('.'), key) ?? didYouMean(key, known);
    const message = `unknown key "${key}" in "${path.join('.')}" is ignored`;
    context.report({
      severity: 'warning',
      message,
      draft,
      path: [...path, key],
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

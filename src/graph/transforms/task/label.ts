import { DraftError } from '../draft-step.ts';
import type { Draft, TransformContext } from '../transform.ts';

/** `<kind>-<name>` unless the draft has a label. A label of another type is left for the shape to complain of. */
export function labelOf({ kind }: TransformContext, draft: Draft): string {
  if ('label' in draft) return draft['label'] as string;
  if (typeof draft['name'] !== 'string') throw new DraftError('the task has neither a name nor a label');
  return `${kind}-${draft['name']}`;
}

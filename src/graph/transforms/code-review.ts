import { anything, keys, listOf, nullable } from '../load/shape.ts';
import { shaped } from './draft-shape.ts';
import type { Transform } from './transform.ts';

const shape = keys({ optional: { 'soft-dependencies': nullable(listOf(anything)) }, unknown: 'allowed' });

/** Adds every task of the kind's dependencies that has the attribute `code-review: true` to `soft-dependencies`. */
export const codeReview: Transform = function* (context, drafts) {
  const labels = [...context.kindDependenciesTasks.values()]
    .filter((task) => task.attributes['code-review'] === true)
    .map((task) => task.label);
  for (const draft of shaped(context, drafts, { shape })) {
    const present = (draft['soft-dependencies'] ?? []) as readonly unknown[];
    draft['soft-dependencies'] = [...present, ...labels];
    yield draft;
  }
};

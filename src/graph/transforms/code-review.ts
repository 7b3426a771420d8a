import type { Transform } from './transform.ts';

/** Adds every task of the kind's dependencies that has the attribute `code-review: true` to `soft-dependencies`. */
export const codeReview: Transform = function* (context, drafts) {
  const labels = [...context.kindDependenciesTasks.values()]
    .filter((task) => task.attributes['code-review'] === true)
    .map((task) => task.label);
  for (const draft of drafts) {
    const present = (draft['soft-dependencies'] ?? []) as readonly unknown[];
    draft['soft-dependencies'] = [...present, ...labels];
    yield draft;
  }
};

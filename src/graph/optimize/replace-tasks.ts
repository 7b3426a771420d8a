import type { Optimizing } from './optimizing.ts';

/**
 * Finds other tasks that do instead of tasks of the graph, by label. A task can be replaced when all that it depends on
 * is replaced or removed.
 */
export function replaceTasks(
  { order, dependencies, kept, existing, findReplacement }: Optimizing,
  removed: ReadonlySet<string>,
): Map<string, string> {
  const replaced = new Map<string, string>();
  for (const label of order) {
    if (kept.has(label)) continue;
    if (dependencies(label).some((needed) => !replaced.has(needed) && !removed.has(needed))) continue;
    const taskId = (Object.hasOwn(existing, label) && existing[label]) || findReplacement(label);
    if (taskId) replaced.set(label, taskId);
  }
  return replaced;
}

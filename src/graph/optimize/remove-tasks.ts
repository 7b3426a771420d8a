import type { Optimizing } from './optimizing.ts';

/**
 * The labels of tasks that nobody needs. Dependents are looked at before what they depend on: a task stays while a
 * dependent stays. A task with `if-dependencies` stays only if one of those stays, which is known later; until then it
 * is a candidate, and so is what only candidates need.
 */
export function removeTasks({
  tasks,
  order,
  dependents,
  requested,
  kept,
  mayRemove,
}: Optimizing): Set<string> {
  const removed = new Set<string>();
  const candidates = new Set<string>();

  /** Those dependents that are candidates, and for which this task counts as one they run for. */
  const prunableDependents = (label: string): Set<string> =>
    new Set(
      dependents(label).filter((dependent) => {
        if (!candidates.has(dependent)) return false;
        const conditions = tasks.get(dependent)!.ifDependencies;
        return conditions.length === 0 || conditions.includes(label);
      }),
    );

  const keep = (prunable: Iterable<string>): void => {
    const queue = [...prunable];
    for (let label = queue.pop(); label !== undefined; label = queue.pop()) {
      // Without conditions of its own it is a candidate because of its dependents, and stays one.
      if (!candidates.has(label) || tasks.get(label)!.ifDependencies.length === 0) continue;
      candidates.delete(label);
      queue.push(...dependents(label).filter((dependent) => candidates.has(dependent)));
    }
  };

  const dependentsFirst = [...order].reverse();
  for (const label of dependentsFirst) {
    const task = tasks.get(label)!;
    const prunable = prunableDependents(label);
    const isNeeded = dependents(label).some(
      (dependent) => !removed.has(dependent) && !prunable.has(dependent),
    );
    if (kept.has(label) || isNeeded) keep(prunable);
    else if (!requested.has(label) || mayRemove(label)) (prunable.size > 0 ? candidates : removed).add(label);
    else if (task.ifDependencies.length > 0) candidates.add(label);
    else keep(prunable);
  }

  // A candidate that is needed after all stays, and so does what it needs, which comes later.
  for (const label of dependentsFirst) {
    if (!candidates.has(label)) continue;
    const isNeeded = dependents(label).some(
      (dependent) => !candidates.has(dependent) && !removed.has(dependent),
    );
    if (isNeeded) candidates.delete(label);
    else removed.add(label);
  }
  return removed;
}

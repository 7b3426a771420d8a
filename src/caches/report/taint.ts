import type { Entry } from '../ledger/entry.ts';
import type { State } from '../state/state.ts';
import { findGeneration } from '../state/apply.ts';
import type { BlastRadius, Holder, TaintedGeneration } from '../store.ts';

/**
 * Follows a task through the ledger: what it wrote, which runs started from that, what those wrote, and so on. One pass:
 * a generation is always entered before the leases that start from it. A later run of the task counts as the task.
 */
export function blastRadius(entries: Iterable<Entry>, state: State, taskId: string): BlastRadius {
  const tainted = new Map<string, TaintedGeneration>();
  const open = new Map<string, Extract<Entry, { kind: 'lease' }>>();
  const runs = new Map<string, Holder>();
  for (const entry of entries) {
    if (entry.kind === 'lease') {
      const { from, holder } = entry;
      const isHit = from !== null && tainted.has(`${from.instance} ${from.number}`);
      if (!isHit && holder.taskId !== taskId) continue;
      open.set(entry.id, entry);
      runs.set(`${holder.taskId} ${holder.runId}`, holder);
    } else if (entry.kind === 'commit') {
      const lease = open.get(entry.lease);
      if (lease === undefined) continue;
      const { instance, generation: number, at } = entry;
      const { cache, holder } = lease;
      const present = findGeneration(state, instance, number) !== undefined;
      const found = { instance, number, name: cache.name, level: cache.level, at, writer: holder, present };
      tainted.set(`${instance} ${number}`, found);
    }
  }
  return { generations: [...tainted.values()], runs: [...runs.values()] };
}

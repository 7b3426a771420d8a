import type { Entry } from '../ledger/entry.ts';
import type { LeaseReport } from '../store.ts';

const mostReports = 1000;

/** The leases of a task label, newest first, each with what became of it. */
export function leaseHistory(entries: Iterable<Entry>, label: string): LeaseReport[] {
  const reports = new Map<string, LeaseReport>();
  for (const entry of entries) {
    if (entry.kind === 'lease' && entry.holder.label === label) {
      const { at, holder, cache, mountPoint, warmth } = entry;
      const report = { at, ...holder, name: cache.name, mountPoint, warmth, record: cache.record };
      reports.set(entry.id, { ...report, ending: null });
    }
    const ended = 'lease' in entry ? reports.get(entry.lease) : undefined;
    if ('lease' in entry && ended !== undefined) reports.set(entry.lease, { ...ended, ending: endOf(entry) });
  }
  return [...reports.values()].slice(-mostReports).reverse();
}

function endOf(entry: Extract<Entry, { lease: string }>): string {
  if (entry.kind === 'unchanged') return 'unchanged';
  return entry.kind === 'commit'
    ? `committed as generation ${entry.generation}`
    : `rolled back: ${entry.why}`;
}

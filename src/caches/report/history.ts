import type { Entry } from '../ledger/entry.ts';
import type { LeaseReport } from '../store.ts';

const mostReports = 1000;

/** The leases of a task label, newest first. */
export function leaseHistory(entries: Iterable<Entry>, label: string): LeaseReport[] {
  const reports: LeaseReport[] = [];
  for (const entry of entries) {
    if (entry.kind !== 'lease' || entry.holder.label !== label) continue;
    const { at, holder, cache, mountPoint, warmth } = entry;
    reports.push({ at, ...holder, name: cache.name, mountPoint, warmth, record: cache.record });
  }
  return reports.slice(-mostReports).reverse();
}

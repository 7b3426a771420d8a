import { LedgerDamage, type Entry } from '../ledger/entry.ts';
import { canonicalJson } from '../../base/hash.ts';
import { applyEntry } from '../state/apply.ts';
import { saveState } from '../state/checkpoint.ts';
import { emptyState, type State } from '../state/state.ts';
import type { Layout } from '../trees/layout.ts';
import { differsFromSeal } from '../trees/seal.ts';

/** Folds the whole ledger again and holds it against every epoch's beginning; then every layer against its seal. */
export function verifyStore(entries: Iterable<Entry>, state: State, layout: Layout): string[] {
  const problems = verifyEntries(entries);
  const worked = new Set(
    [...state.leases.values()].flatMap(({ backEnd, chain }) => (backEnd === 'direct' ? chain : [])),
  );
  for (const [name, { seal }] of state.layers) {
    if (worked.has(name)) continue;
    const why = differsFromSeal(layout.layer(name), seal);
    if (why !== null) problems.push(`layer ${name}: ${why}`);
  }
  return problems;
}

function verifyEntries(entries: Iterable<Entry>): string[] {
  const problems: string[] = [];
  const folded = emptyState();
  let isFirst = true;
  try {
    for (const entry of entries) {
      if (entry.kind === 'begin' && entry.state !== null && !isFirst) {
        const expected = canonicalJson(saveState(folded, Date.parse(entry.at)));
        if (canonicalJson(entry.state) !== expected)
          problems.push(`epoch ${entry.epoch} does not begin with what the entries before it say`);
      }
      applyEntry(folded, entry);
      isFirst = false;
    }
  } catch (error) {
    if (!(error instanceof LedgerDamage)) throw error;
    problems.push(error.message);
  }
  return problems;
}

import { LedgerDamage } from '../ledger/entry.ts';
import { readEntries } from '../ledger/archive.ts';
import { canonicalJson } from '../../base/hash.ts';
import { damageHint, type Parts } from '../parts.ts';
import { applyEntry } from '../state/apply.ts';
import { saveState } from '../state/checkpoint.ts';
import { emptyState, type State } from '../state/state.ts';
import type { Finding } from '../store.ts';
import { differsFromSeal } from '../trees/seal.ts';

/** Folds the whole ledger again and holds it against every epoch's beginning; then every layer against its seal. */
export function verifyStore(parts: Parts): Finding[] {
  let state: State;
  try {
    state = parts.ledger.read();
  } catch (error) {
    if (!(error instanceof LedgerDamage)) throw error;
    return [{ layer: null, problem: `the ledger is damaged: ${error.message}`, hint: damageHint }];
  }
  return [...verifyEntries(parts), ...verifyLayers(parts, state)];
}

const historyHint =
  'what is served now is not affected; caisson cache log and why say nothing reliable of the time before';

/** What is found here lies in what is past: what exists now has been read without a complaint. */
function verifyEntries({ layout }: Parts): Finding[] {
  const problems: Finding[] = [];
  const folded = emptyState();
  let before = 0;
  try {
    for (const entry of readEntries(layout.ledger)) {
      // Where the one before was pruned there is nothing to compare with.
      if (entry.kind === 'begin' && entry.state !== null && entry.epoch === before + 1 && before > 0) {
        const expected = canonicalJson(saveState(folded, Date.parse(entry.at)));
        const problem = `epoch ${entry.epoch} of the ledger does not begin with what the entries before it say`;
        if (canonicalJson(entry.state) !== expected)
          problems.push({ layer: null, problem, hint: historyHint });
      }
      applyEntry(folded, entry);
      before = entry.epoch;
    }
  } catch (error) {
    if (!(error instanceof LedgerDamage)) throw error;
    problems.push({
      layer: null,
      problem: `the ledger's history is damaged: ${error.message}`,
      hint: historyHint,
    });
  }
  return problems;
}

function verifyLayers({ layout }: Parts, state: State): Finding[] {
  const worked = new Set(
    [...state.leases.values()].flatMap(({ backEnd, chain }) => (backEnd === 'direct' ? chain : [])),
  );
  const problems: Finding[] = [];
  for (const [name, { seal }] of state.layers) {
    if (worked.has(name)) continue;
    const why = differsFromSeal(layout.layer(name), seal);
    if (why === null) continue;
    const users = [...state.instances.values()].filter(({ generations }) =>
      generations.some(({ chain }) => chain.includes(name)),
    );
    const caches = [...new Set(users.map((user) => user.name))];
    const of = caches.length === 0 ? '' : ` of ${caches.join(', ')}`;
    problems.push({
      layer: name,
      problem: `${layout.layer(name)}${of} is not as it was committed: ${why}`,
      hint: `it is never served: the next run that wants it starts from an older generation or cold${caches.length === 0 ? '' : `; caisson cache purge ${caches.join(' ')} gives it up now`}`,
    });
  }
  return problems;
}

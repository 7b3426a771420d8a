import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isErrno } from '../../base/files.ts';
import { applyEntry } from '../state/apply.ts';
import { emptyState, type State } from '../state/state.ts';
import { entriesOf } from '../trees/layout.ts';
import { LedgerDamage, parseEntry } from './entry.ts';
import { epochName, numbersIn, seqName } from './numbers.ts';

/** Ledgers that were set aside, oldest first: absolute. */
export function ledgersAside(folder: string): string[] {
  const prefix = `${basename(folder)}.damaged-`;
  return entriesOf(dirname(folder))
    .filter((name) => name.startsWith(prefix))
    .sort()
    .map((name) => join(dirname(folder), name));
}

/** The newest epoch of a ledger that is no longer written to, and what its entries say up to the first damaged one. */
export function foldReadable(aside: string): { readonly epoch: number; readonly state: State } {
  const epoch = Math.max(0, ...numbersIn(aside));
  const state = emptyState();
  let previous: string | null = null;
  try {
    for (let seq = 1; ; seq++) {
      const text = readFileSync(join(aside, epochName(epoch), seqName(seq)), 'utf8');
      const entry = parseEntry(text, { epoch, seq, previous });
      previous = entry.hash;
      applyEntry(state, entry);
    }
  } catch (error) {
    if (!(error instanceof LedgerDamage) && !isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
  return { epoch, state };
}

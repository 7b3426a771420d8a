import type { Clock } from '../base/clock.ts';
import { fail } from '../base/failure.ts';
import { isDiskFull, isErrno } from '../base/files.ts';
import { type Entry, type EntryBody, LedgerDamage, type Owner } from './ledger/entry.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { State } from './state/state.ts';
import type { Layout } from './trees/layout.ts';
import type { BackEndChoice } from './trees/overlay.ts';
import type { Merging } from './trees/merge.ts';
import type { Background } from './upkeep/background.ts';

/** What all operations of one open store share. */
export interface Parts {
  readonly layout: Layout;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly owner: Owner;
  readonly choice: BackEndChoice;
  readonly durable: boolean;
  /** layers that a chain may have here */
  readonly mostLayers: number;
  readonly background: Background;
  /** leases, and why they are rolled back, for which the disk had no room yet */
  readonly owed: Map<string, string>;
  /** what this process merges now, by the ids of the works */
  readonly merges: Map<string, Merging>;
  /** what was found wrong and put right on the way; `reconcile` tells it */
  readonly told: string[];
}

/**
 * `Ledger.append` for what changes something: a damaged ledger is set aside, everything is cold then, and the decision is
 * taken on the new one. Null when `decide` says so.
 */
export function append(parts: Parts, decide: (state: State) => EntryBody | null): Entry | null {
  try {
    return parts.ledger.append(decide);
  } catch (error) {
    if (error instanceof LedgerDamage) {
      setAside(parts, error);
      return parts.ledger.append(decide);
    }
    return failOnDisk(parts.layout.root, error);
  }
}

/** The state for what changes something next. */
export function readForChange(parts: Parts): State {
  append(parts, () => null);
  return parts.ledger.read();
}

/** The state for what only looks. */
export function read(parts: Parts): State {
  try {
    return parts.ledger.read();
  } catch (error) {
    if (error instanceof LedgerDamage) return failOnDamage(parts, error);
    return failOnDisk(parts.layout.root, error);
  }
}

/** What the next run, or `caisson cache gc`, does about a damaged ledger. */
export const damageHint = 'the next run, or caisson cache gc, sets the ledger aside and starts cold';

export function failOnDamage({ layout }: Parts, damage: LedgerDamage): never {
  const message = `the ledger in ${layout.ledger} is damaged: ${damage.message}`;
  return fail('unavailable', message, `${damageHint}; caisson cache doctor says more`);
}

export function setAside(parts: Parts, damage: LedgerDamage): void {
  const why = `the ledger was damaged: ${damage.message}`;
  const aside = parts.ledger.setAside(why);
  parts.told.push(`${why}; it is kept as ${aside}, and every cache is cold`);
}

/** What the disk refuses is a failure that a person can do something about; all else is thrown on. */
export function failOnDisk(root: string, error: unknown): never {
  if (isDiskFull(error))
    return fail(
      'unavailable',
      `the disk that holds ${root} is full (${error.code})`,
      'make room, or caisson cache gc',
    );
  if (isErrno(error, 'EACCES', 'EROFS', 'ENOTDIR', 'EPERM', 'EIO'))
    return fail(
      'unavailable',
      `the caches in ${root} cannot be written (${error.code})`,
      'set CAISSON_HOME to a directory of yours',
    );
  throw error;
}

export function now({ clock }: Parts): string {
  return new Date(clock.now()).toISOString();
}

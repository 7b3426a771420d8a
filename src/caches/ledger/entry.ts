import { canonicalJson, sha256 } from '../../base/hash.ts';
import type { CacheRecord } from '../record.ts';
import type { BackEnd, GenerationName, Holder, OnConflict, Warmth } from '../store.ts';

/** A layer: `<level>/<id>`, e.g. `3/00aa11bb22cc33dd`. */
export type LayerName = string;

export type Entry = EntryHead & EntryBody;

export interface EntryHead {
  /** of the entry's text without this member */
  readonly hash: string;
  /** the hash of the entry before, in the last epoch for the first of an epoch; '' for the very first */
  readonly previous: string;
  readonly epoch: number;
  /** counts from 1 in every epoch */
  readonly seq: number;
  /** ISO 8601 */
  readonly at: string;
  readonly by: Owner;
}

/** A process, as `base/owner.ts` names it, of one boot of the machine. */
export interface Owner {
  readonly process: string;
  readonly boot: string;
}

export type EntryBody =
  | { readonly kind: 'begin'; readonly state: unknown; readonly why: string }
  | { readonly kind: 'close' }
  | LeaseBody
  | CommitBody
  | { readonly kind: 'unchanged'; readonly lease: string }
  | { readonly kind: 'roll-back'; readonly lease: string; readonly why: string }
  | { readonly kind: 'refuse'; readonly layers: readonly LayerName[]; readonly why: string }
  | { readonly kind: 'purge'; readonly what: PurgeTarget; readonly why: string }
  | { readonly kind: 'evict'; readonly instances: readonly string[]; readonly why: string }
  | { readonly kind: 'work'; readonly id: string; readonly level: string }
  | {
      readonly kind: 'compact';
      readonly work: string;
      readonly chain: readonly LayerName[];
      readonly layer: SealedLayer;
    }
  | { readonly kind: 'abandon'; readonly work: string; readonly why: string }
  | { readonly kind: 'measure'; readonly layers: readonly MeasuredLayer[] };

export interface LeaseBody {
  readonly kind: 'lease';
  readonly id: string;
  readonly cache: CacheIdentity;
  readonly mountPoint: string;
  readonly holder: Holder;
  readonly backEnd: BackEnd;
  readonly onConflict: OnConflict;
  /** null when cold */
  readonly from: GenerationName | null;
  /** what is mounted below, uppermost first; for a direct lease the one tree that is mounted, none when cold */
  readonly chain: readonly LayerName[];
  readonly warmth: Warmth;
}

export interface CacheIdentity {
  readonly name: string;
  readonly trustDomain: string;
  readonly level: string;
  readonly shortName: string;
  readonly record: CacheRecord | null;
  readonly shareDown: boolean;
}

export interface CommitBody {
  readonly kind: 'commit';
  readonly lease: string;
  readonly instance: string;
  readonly generation: number;
  readonly layer: SealedLayer;
  /** as found in the tree; null when there were none */
  readonly requirements: readonly string[] | null;
}

/** What is known of a committed tree, taken when it was committed; compared before it is served. */
export interface Seal {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** see `trees/seal.ts` */
  readonly fingerprint: string;
}

export interface SealedLayer {
  readonly name: LayerName;
  readonly seal: Seal;
  /** is on disk whatever happens to the machine */
  readonly settled: boolean;
}

export interface MeasuredLayer {
  readonly name: LayerName;
  readonly bytes: number;
  readonly files: number;
  readonly settled: boolean;
}

export type PurgeTarget =
  | { readonly kind: 'name'; readonly name: string }
  /** and what open leases, by their ids, are writing */
  | {
      readonly kind: 'generations';
      readonly generations: readonly GenerationName[];
      readonly leases: readonly string[];
    };

/** An entry that is torn, changed, or does not follow its predecessor. */
export class LedgerDamage extends Error {
  override readonly name = 'LedgerDamage';
}

type Unhashed = Omit<EntryHead, 'hash'> & EntryBody;

/** One line; its hash covers all other members as they are written. */
export function formatEntry(entry: Unhashed): { readonly text: string; readonly entry: Entry } {
  const body = canonicalJson(entry);
  const hash = sha256(body);
  return { text: `{"hash":"${hash}",${body.slice(1)}\n`, entry: { hash, ...entry } };
}

const head = /^\{"hash":"([0-9a-f]{64})",/;

/** Throws LedgerDamage when it is not the entry of that place. `previous` null: not known here. */
export function parseEntry(
  text: string,
  place: { readonly epoch: number; readonly seq: number; readonly previous: string | null },
): Entry {
  const where = `entry ${place.seq} of epoch ${place.epoch}`;
  const hash = head.exec(text)?.[1];
  if (hash === undefined || !text.endsWith('}\n')) throw new LedgerDamage(`${where} is torn`);
  const body = `{${text.slice('{"hash":"",'.length + hash.length, -1)}`;
  if (sha256(body) !== hash) throw new LedgerDamage(`${where} was changed after it was written`);
  const entry = { hash, ...(JSON.parse(body) as Unhashed) };
  if (entry.epoch !== place.epoch || entry.seq !== place.seq)
    throw new LedgerDamage(`${where} is that of another place`);
  if (place.previous !== null && entry.previous !== place.previous)
    throw new LedgerDamage(`${where} does not follow the one before it`);
  return entry;
}

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { ensureDirectory, isDiskFull, isErrno, syncDirectory } from '../../base/files.ts';
import { applyEntry } from '../state/apply.ts';
import { saveState } from '../state/checkpoint.ts';
import { salvage } from '../state/salvage.ts';
import { emptyState, type State, treeInPlace } from '../state/state.ts';
import { type Entry, type EntryBody, formatEntry, LedgerDamage, type Owner, parseEntry } from './entry.ts';
import { foldReadable, ledgersAside } from './aside.ts';
import { linkNew } from './link-new.ts';
import { epochName, numbersIn, seqName } from './numbers.ts';
import { Reserve } from './reserve.ts';

export interface LedgerOptions {
  readonly clock: Clock;
  readonly owner: Owner;
  /** all entries survive a power loss at once, not only those that have to */
  readonly durable: boolean;
  /** entries after which an epoch is closed */
  readonly epochLength: number;
}

/**
 * Entries that no power loss may take back: else what is purged would be served again, or what is deleted next would be
 * referred to. And what works in a committed tree must be known before it does.
 */
const lasting: ReadonlySet<Entry['kind']> = new Set(['purge', 'refuse', 'evict', 'compact', 'close']);

function isLasting(entry: Entry): boolean {
  return lasting.has(entry.kind) || (entry.kind === 'lease' && treeInPlace(entry) !== null);
}

/** How often the newest epoch may have gone, packed by others, when it is about to be read. */
const mostLoads = 100;

/** Entries that begin what needs more room: not worth the reserve. */
const growing: ReadonlySet<Entry['kind']> = new Set(['lease', 'work', 'measure', 'begin', 'close']);

/**
 * The append-only truth, shared with other processes through `folder`; docs/store.md has the format. Everything is
 * synchronous: within a process nothing comes between a decision and its entry. LedgerDamage comes out of every method.
 */
export class Ledger {
  readonly #folder: string;
  readonly #options: LedgerOptions;
  #state: State = emptyState();
  #epoch = 0;
  #seq = 0;
  #hash = '';
  #closed = false;
  readonly reserve: Reserve;

  constructor(folder: string, options: LedgerOptions) {
    this.reserve = new Reserve(`${folder}.reserve`, options.owner.process);
    this.#folder = folder;
    this.#options = options;
  }

  get position(): { readonly epoch: number; readonly seq: number } {
    return { epoch: this.#epoch, seq: this.#seq };
  }

  /** What exists now, all that others have written included. Not to be changed; changes with the next call. */
  read(): State {
    try {
      return this.#catchUp();
    } catch (error) {
      // What was folded so far is not to be built upon: the next call begins at the beginning.
      if (error instanceof LedgerDamage) this.#epoch = 0;
      throw error;
    }
  }

  #catchUp(): State {
    for (let loads = 0; ; ) {
      if (this.#epoch === 0) {
        // Others are slower than this even when they close epochs all the time.
        if (++loads > mostLoads) throw new Error(`${this.#folder} has no epoch that could be read`);
        this.#load();
        continue;
      }
      const text = this.#readEntry(this.#epoch, this.#seq + 1);
      if (text !== null) this.#take(text, this.#hash);
      else if (this.#closed) this.#enterNext();
      else if (existsSync(this.#epochFolder(this.#epoch))) return this.#state;
      else this.#epoch = 0;
    }
  }

  /**
   * Appends what `decide` makes of the state, or nothing when it says null. `decide` is called again whenever somebody
   * else was faster; when this returns, its last answer was given on the state just before the entry.
   */
  append(decide: (state: State) => EntryBody | null): Entry | null {
    for (;;) {
      const body = decide(this.read());
      if (body === null) return null;
      const place = { epoch: this.#epoch, seq: this.#seq + 1, previous: this.#hash };
      const { text, entry } = this.#format(body, place);
      if (!this.#link(place.seq, text, entry)) continue;
      this.#fold(entry);
      if (this.#seq >= this.#options.epochLength) this.#tryToClose();
      return entry;
    }
  }

  /** Starts anew without caches, after damage; what was there is kept under another name, which is returned. */
  setAside(why: string): string {
    const aside = `${this.#folder}.damaged-${new Date(this.#options.clock.now()).toISOString().slice(0, 19)}`;
    const last = Math.max(this.#epoch, ...this.#epochs());
    try {
      renameSync(this.#folder, existsSync(aside) ? `${aside}-${randomBytes(3).toString('hex')}` : aside);
    } catch (error) {
      // Another process was faster.
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    this.#epoch = 0;
    ensureDirectory(this.#folder);
    if (this.#epochs().length === 0) this.#beginAfter(last, this.#state, why);
    return aside;
  }

  /** The first epoch; after damage when whoever set a ledger aside was killed before it began the next one. */
  #begin(): void {
    const asides = ledgersAside(this.#folder).map(foldReadable);
    const newest = asides.at(-1);
    if (newest === undefined) this.#create(1, '', { kind: 'begin', state: null, why: 'a new store' });
    else {
      const last = Math.max(...asides.map(({ epoch }) => epoch));
      this.#beginAfter(last, newest.state, 'the ledger was damaged');
    }
  }

  /** Numbered on, so that a process that knows the old entries finds no place to write to. */
  #beginAfter(last: number, state: State, why: string): void {
    const at = this.#options.clock.now();
    const saved = saveState(salvage(state, why, new Date(at).toISOString()), at);
    this.#create(last + 1, '', { kind: 'begin', state: saved, why });
  }

  #link(seq: number, text: string, entry: Entry): boolean {
    const folder = this.#epochFolder(this.#epoch);
    const options = { ...this.#options, durable: this.#options.durable || isLasting(entry) };
    try {
      return linkNew(folder, seqName(seq), text, options);
    } catch (error) {
      if (!isDiskFull(error) || growing.has(entry.kind)) throw error;
      this.reserve.spend();
      return linkNew(folder, seqName(seq), text, options);
    }
  }

  /** An epoch may be longer when the disk takes no more: the next entry closes it. What was appended, is. */
  #tryToClose(): void {
    try {
      this.append(() => (this.#seq >= this.#options.epochLength ? { kind: 'close' } : null));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }

  /** Reads the newest epoch from its beginning. */
  #load(): void {
    this.#epoch = 0;
    ensureDirectory(this.#folder);
    if (this.#epochs().length === 0) this.#begin();
    const epoch = Math.max(0, ...this.#epochs());
    const last = Math.max(0, ...numbersIn(this.#epochFolder(epoch)));
    if (!this.#enter(epoch, null)) return;
    while (this.#seq < last) {
      const text = this.#readEntry(epoch, this.#seq + 1);
      if (text === null && existsSync(this.#epochFolder(epoch)))
        throw new LedgerDamage(`entry ${this.#seq + 1} of epoch ${epoch} is missing`);
      if (text === null) break;
      this.#take(text, this.#hash);
    }
  }

  /** False when the epoch has gone meanwhile. */
  #enter(epoch: number, previous: string | null): boolean {
    const exists = (): boolean => existsSync(this.#epochFolder(epoch));
    // A folder comes with its first entry: when it has come between two looks, the entry is there now.
    const text = this.#readEntry(epoch, 1) ?? (exists() ? this.#readEntry(epoch, 1) : null);
    if (text === null) {
      this.#epoch = 0;
      if (exists()) throw new LedgerDamage(`entry 1 of epoch ${epoch} is missing`);
      return false;
    }
    this.#epoch = epoch;
    this.#seq = 0;
    this.#closed = false;
    this.#take(text, previous);
    return true;
  }

  #enterNext(): void {
    const next = this.#epoch + 1;
    if (!existsSync(join(this.#epochFolder(next), seqName(1)))) {
      const state = saveState(this.#state, this.#options.clock.now());
      this.#create(next, this.#hash, { kind: 'begin', state, why: `epoch ${this.#epoch} is closed` });
    }
    this.#enter(next, this.#hash);
  }

  /** Makes an epoch's folder with its first entry in it; nothing when another process has made it. */
  #create(epoch: number, previous: string, body: EntryBody): void {
    // Made inside the last epoch's folder: when that was moved away, this is no longer the next epoch.
    const parent = epoch > 1 && this.#epoch === epoch - 1 ? this.#epochFolder(epoch - 1) : this.#folder;
    const temporary = join(parent, `.new-${this.#options.owner.process}-${randomBytes(4).toString('hex')}`);
    try {
      // Not with its parents: an epoch's folder that was moved away must not come back.
      mkdirSync(temporary, { mode: 0o700 });
      const { text } = this.#format(body, { epoch, seq: 1, previous });
      linkNew(temporary, seqName(1), text, { ...this.#options, durable: true });
      renameSync(temporary, this.#epochFolder(epoch));
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true });
      if (!isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
      return;
    }
    syncDirectory(this.#folder);
  }

  #format(
    body: EntryBody,
    place: { epoch: number; seq: number; previous: string },
  ): ReturnType<typeof formatEntry> {
    const { clock, owner } = this.#options;
    return formatEntry({ ...body, ...place, at: new Date(clock.now()).toISOString(), by: owner });
  }

  #take(text: string, previous: string | null): void {
    this.#fold(parseEntry(text, { epoch: this.#epoch, seq: this.#seq + 1, previous }));
  }

  #fold(entry: Entry): void {
    applyEntry(this.#state, entry);
    this.#seq = entry.seq;
    this.#hash = entry.hash;
    this.#closed = entry.kind === 'close';
  }

  #readEntry(epoch: number, seq: number): string | null {
    try {
      return readFileSync(join(this.#epochFolder(epoch), seqName(seq)), 'utf8');
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      return null;
    }
  }

  #epochFolder(epoch: number): string {
    return join(this.#folder, epochName(epoch));
  }

  #epochs(): number[] {
    return numbersIn(this.#folder);
  }
}

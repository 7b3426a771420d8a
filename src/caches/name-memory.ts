import { randomBytes } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { ensureDirectory, isErrno, writeFileAtomic } from '../base/files.ts';
import { canonicalJson, sha256 } from '../base/hash.ts';
import { compareRecords, describeChange } from './name.ts';
import type { CacheRecord } from './record.ts';
import type { LeaseReport, LeaseRequest, Warmth } from './store.ts';

/** What became of the last instance of a name. */
export interface Fate {
  readonly at: string;
  readonly what: string;
}

interface Remembered {
  readonly name: string;
  readonly trustDomain: string;
  readonly level: string;
  readonly shortName: string;
  readonly record: CacheRecord | null;
  readonly lastUsed: string;
  readonly fate: Fate | null;
}

const keptFor = 90 * 24 * 3600 * 1000;
const longestHistory = 4 * 1024 * 1024;

/** Remembers every name that was leased, so that a cold start can be explained; holds nothing a lease depends on. */
export class NameMemory {
  readonly #root: string;
  readonly #clock: Clock;

  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
    for (const folder of ['names', 'purged']) ensureDirectory(join(root, folder));
  }

  remember(request: LeaseRequest): void {
    const { name, trustDomain, level, shortName, record } = request;
    const lastUsed = new Date(this.#clock.now()).toISOString();
    const fate = this.#read(name)?.fate ?? null;
    this.#write({ name, trustDomain, level, shortName, record, lastUsed, fate });
  }

  setFate(name: string, what: string | null): void {
    const known = this.#read(name);
    if (known === null) return;
    const fate = what === null ? null : { at: new Date(this.#clock.now()).toISOString(), what };
    if (fate !== null || known.fate !== null) this.#write({ ...known, fate });
  }

  /** Changes with every purge of the name; what was leased under another mark is not to be kept. */
  purgeMark(name: string): string {
    return readLines(join(this.#root, 'purged', encodeName(name))).join('');
  }

  setPurged(name: string): void {
    writeFileAtomic(join(this.#root, 'purged', encodeName(name)), randomBytes(12).toString('hex'), 0o600);
  }

  /** Why there is no warm instance. */
  explain(request: LeaseRequest, inUse: number): Warmth {
    const known = this.#read(request.name);
    if (known !== null) {
      if (inUse > 0)
        return cold(
          inUse === 1
            ? 'its only instance is in use by another task'
            : `all ${inUse} instances are in use by other tasks`,
        );
      if (known.fate === null) return cold('its instances are gone');
      return cold(`${known.fate.what}, ${this.#ago(known.fate.at)}`);
    }
    const nearest = this.#nearest(request);
    if (nearest === null) return cold('never seen');
    return { ...cold(nearest.changed.map(describeChange).join(', ')), changed: nearest.changed };
  }

  /** Appends one line; a torn line of a killed writer is passed over when it is read. */
  record(report: LeaseReport): void {
    const path = join(this.#root, 'history.jsonl');
    appendFileSync(path, `${canonicalJson(report)}\n`, { mode: 0o600 });
    if (statSync(path).size > longestHistory) renameSync(path, join(this.#root, 'history.old.jsonl'));
  }

  history(label: string): LeaseReport[] {
    const lines = ['history.old.jsonl', 'history.jsonl'].flatMap((file) => readLines(join(this.#root, file)));
    return lines
      .map((line) => parseJson(line) as LeaseReport | null)
      .filter((report): report is LeaseReport => report?.label === label)
      .reverse();
  }

  /** Forgets names that nobody has asked for in a long time. */
  prune(): void {
    for (const file of readdirSync(join(this.#root, 'names'))) {
      const path = join(this.#root, 'names', file);
      const known = readJson(path) as Remembered | null;
      const last = known === null ? 0 : Date.parse(known.lastUsed);
      if (this.#clock.now() - last <= keptFor) continue;
      rmSync(path, { force: true });
      rmSync(join(this.#root, 'purged', file), { force: true });
    }
  }

  /** The earlier name with the fewest changed ingredients, the most recent one of equals. */
  #nearest(request: LeaseRequest): { changed: ReturnType<typeof compareRecords> } | null {
    if (request.record === null) return null;
    const candidates = readdirSync(join(this.#root, 'names'))
      .map((file) => readJson(join(this.#root, 'names', file)) as Remembered | null)
      .filter((known) => known !== null)
      .filter(
        ({ trustDomain, level, shortName, record }) =>
          record !== null &&
          trustDomain === request.trustDomain &&
          level === request.level &&
          shortName === request.shortName,
      )
      .map((known) => ({ changed: compareRecords(known.record!, request.record!), lastUsed: known.lastUsed }))
      .filter(({ changed }) => changed.length > 0)
      .sort((a, b) => a.changed.length - b.changed.length || (a.lastUsed < b.lastUsed ? 1 : -1));
    return candidates[0] ?? null;
  }

  #ago(at: string): string {
    const seconds = Math.max(0, Math.round((this.#clock.now() - Date.parse(at)) / 1000));
    if (seconds < 120) return `${seconds} s ago`;
    return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
  }

  #read(name: string): Remembered | null {
    return readJson(join(this.#root, 'names', encodeName(name))) as Remembered | null;
  }

  #write(known: Remembered): void {
    writeFileAtomic(join(this.#root, 'names', encodeName(known.name)), `${canonicalJson(known)}\n`, 0o600);
  }
}

/** A cache name as a file name: no separator, no leading dot, of bounded length, and different for different names. */
export function encodeName(name: string): string {
  const encoded = [...Buffer.from(name)]
    .map((byte, i) => {
      const character = String.fromCharCode(byte);
      const plain = /[A-Za-z0-9_-]/.test(character) || (character === '.' && i > 0);
      return plain ? character : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
  return encoded.length <= 150 && encoded.length > 0
    ? encoded
    : `${encoded.slice(0, 100)}%${sha256(name).slice(0, 40)}`;
}

function cold(why: string): Extract<Warmth, { state: 'cold' }> {
  return { state: 'cold', why };
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return [];
  }
}

function readJson(path: string): unknown {
  return parseJson(readLines(path).join('\n'));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

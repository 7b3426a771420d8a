import { canonicalJson, sha256 } from '../base/hash.ts';
import type { CacheRecord } from './record.ts';
import type { IngredientChange } from './ingredient-change.ts';

/** The parts of a derived cache name, `{trust-domain}-level-{level}-{name}-v1-{key}[-{suffix}]`. */
export interface CacheName {
  readonly trustDomain: string;
  /** '1' | '2' | '3' */
  readonly level: string;
  /** the author's name for it */
  readonly name: string;
  /** 20 lower-case hex digits */
  readonly key: string;
  /** the image task's id, or `<docker-image>` before it is known */
  readonly suffix?: string;
}

const shape = /^(.+?)-level-([1-3])-(.+)-v1-([0-9a-f]{20})(?:-(.+))?$/s;

/**
 * Throws when the parts could not be taken apart again: a trust domain that holds `-level-`, a name that holds `-v1-`
 * and a key, an empty part.
 */
export function formatName({ trustDomain, level, name, key, suffix }: CacheName): string {
  const text = `${trustDomain}-level-${level}-${name}-v1-${key}${suffix === undefined ? '' : `-${suffix}`}`;
  const back = parseName(text);
  const same =
    back?.trustDomain === trustDomain &&
    back.level === level &&
    back.name === name &&
    back.key === key &&
    back.suffix === suffix;
  if (!same) throw new Error(`"${text}" is no cache name: its parts cannot be told apart`);
  return text;
}

/** Null for names that were not derived. */
export function parseName(text: string): CacheName | null {
  const match = shape.exec(text);
  if (match === null) return null;
  const [, trustDomain, level, name, key, suffix] = match;
  return {
    trustDomain: trustDomain!,
    level: level!,
    name: name!,
    key: key!,
    ...(suffix === undefined ? {} : { suffix }),
  };
}

/** First 20 hex digits of the SHA-256 of the record as canonical JSON. An empty ingredient is an error. */
export function recordKey(record: CacheRecord): string {
  for (const [ingredient, value] of Object.entries(record)) {
    if (isEmpty(value)) throw new Error(`the ingredient "${ingredient}" of a cache is empty`);
  }
  return sha256(canonicalJson(record)).slice(0, 20);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (typeof value !== 'object') return false;
  const members = Object.values(value);
  return members.length === 0 || members.some((member) => member === undefined || member === '');
}

/** What differs between two records, by ingredient in the order of their names; files of a key one by one. */
export function compareRecords(before: CacheRecord, after: CacheRecord): IngredientChange[] {
  const old = ingredientsOf(before);
  const now = ingredientsOf(after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort()
    .filter((name) => canonical(old.get(name)) !== canonical(now.get(name)))
    .map((ingredient) => ({ ingredient, before: old.get(ingredient), after: now.get(ingredient) }));
}

function canonical(value: unknown): string {
  return value === undefined ? '' : canonicalJson(value);
}

function ingredientsOf(record: CacheRecord): Map<string, unknown> {
  const { key, ...rest } = record;
  const found = new Map<string, unknown>(Object.entries(rest));
  for (const [file, digest] of Object.entries(key?.files ?? {})) found.set(`file ${file}`, digest);
  for (const [name, value] of Object.entries(key?.parameters ?? {})) found.set(`parameter ${name}`, value);
  if (key?.strings !== undefined) found.set('key strings', key.strings);
  return found;
}

/** One clause for people: `wrapper 3f2a… → 9c11…`. */
export function describeChange({ ingredient, before, after }: IngredientChange): string {
  return `${ingredient} ${shorten(before)} → ${shorten(after)}`;
}

function shorten(value: unknown): string {
  if (value === undefined) return '(none)';
  if (typeof value !== 'string') return canonicalJson(value);
  return /^[0-9a-f]{40,}$/.test(value) ? `${value.slice(0, 4)}…` : value;
}

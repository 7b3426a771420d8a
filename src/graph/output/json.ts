import { fail } from '../../base/failure.ts';
import { compareCodePoints } from '../../base/hash.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import { floatText, PythonFloat } from '../values/python-float.ts';
import { integerText } from '../values/python-text.ts';

/**
 * JSON as taskgraph prints it: keys in code-point order, two spaces a level. Fails with `configuration` for what JSON
 * cannot hold.
 */
export function writeJson(value: unknown): string {
  const sorted = sortedCopy(value);
  return sorted === unsortable ? write(value, '\n') : (JSON.stringify(sorted, null, 2) ?? 'null');
}

/**
 * A mapping as `writeJson` writes it, and a line end. Member by member: what is special in one of them does not slow
 * down the others, and the text, which can be large, is put together once.
 */
export function writeJsonMembers(members: ReadonlyMap<string, unknown>): string {
  if (members.size === 0) return '{}\n';
  const texts: string[] = [];
  for (const [key, value] of [...members].sort(([a], [b]) => compareKeys(a, b))) {
    const sorted = sortedCopy(value);
    texts.push(
      texts.length === 0 ? '{\n' : ',\n',
      sorted === unsortable
        ? `  ${writeKey(key)}${write(value, '\n  ')}`
        : JSON.stringify({ [key]: sorted }, null, 2).slice(2, -2),
    );
  }
  texts.push('\n}\n');
  return texts.join('');
}

/** What JSON.stringify, which is five times as fast as we are, would not write as it must be written. */
const unsortable = Symbol('unsortable');

/** The same value with its keys in order, as far as a JavaScript object can have them. */
function sortedCopy(value: unknown): unknown {
  if (typeof value === 'string' || value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : unsortable;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    for (const item of value) {
      const sorted = sortedCopy(item);
      if (sorted === unsortable) return unsortable;
      copy.push(sorted);
    }
    return copy;
  }
  if (!isMapping(value)) return unsortable;
  const copy: Mapping = {};
  for (const key of sortedKeys(value)) {
    if (!isPlainKey(key)) return unsortable;
    const member = value[key];
    if (member === undefined) continue;
    const sorted = sortedCopy(member);
    if (sorted === unsortable) return unsortable;
    copy[key] = sorted;
  }
  return copy;
}

/** Objects hold keys that look like integers first, and `__proto__` not at all. */
function isPlainKey(key: string): boolean {
  const first = key.charCodeAt(0);
  return !(first >= 48 && first <= 57) && key !== '__proto__';
}

/** `newline` is a line break and the white space before what closes the value. */
function write(value: unknown, newline: string): string {
  if (typeof value === 'string') return writeText(value);
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return writeNumber(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return writeList(value, newline);
  if (isMapping(value)) return writeMapping(value, newline);
  if (value instanceof PythonFloat) return writeNumber(value.valueOf(), floatText);
  return fail('configuration', `JSON cannot hold ${describe(value)}`, 'put it in quotes');
}

function writeList(list: readonly unknown[], newline: string): string {
  if (list.length === 0) return '[]';
  const inner = deeper(newline);
  let text = '[';
  for (let i = 0; i < list.length; i++) text += (i > 0 ? ',' : '') + inner + write(list[i], inner);
  return `${text}${newline}]`;
}

function writeMapping(value: Mapping, newline: string): string {
  const inner = deeper(newline);
  let text = '';
  for (const key of sortedKeys(value)) {
    const member = value[key];
    if (member === undefined) continue;
    text += (text === '' ? '{' : ',') + inner + writeKey(key) + write(member, inner);
  }
  return text === '' ? '{}' : `${text}${newline}}`;
}

// There are few levels, few keys and few sets of keys, each of them in every task.
const levels = new Map<string, string>();
const writtenKeys = new Map<string, string>();
const orders = new Map<string, readonly string[]>();
const most = 10_000;

function deeper(newline: string): string {
  let inner = levels.get(newline);
  if (inner === undefined) levels.set(newline, (inner = `${newline}  `));
  return inner;
}

function writeKey(key: string): string {
  let written = writtenKeys.get(key);
  if (written === undefined) {
    written = `${JSON.stringify(key)}: `;
    if (writtenKeys.size < most) writtenKeys.set(key, written);
  }
  return written;
}

function sortedKeys(value: Mapping): readonly string[] {
  const keys = Object.keys(value);
  if (keys.length < 2) return keys;
  if (keys.length > 50) return keys.sort(compareKeys);
  const set = keys.join('\0');
  let order = orders.get(set);
  if (order === undefined) {
    order = keys.sort(compareKeys);
    if (orders.size < most) orders.set(set, order);
  }
  return order;
}

const surrogate = /[\ud800-\udfff]/;

/** Code points and UTF-16 units are in another order only where there are surrogates. */
function compareKeys(a: string, b: string): number {
  if (surrogate.test(a) || surrogate.test(b)) return compareCodePoints(a, b);
  return a < b ? -1 : 1;
}

// oxlint-disable-next-line no-control-regex -- they are what must be escaped
const special = /["\\\u0000-\u001f\ud800-\udfff]/;

function writeText(text: string): string {
  return special.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function writeNumber(value: number, text = Number.isInteger(value) ? integerText : floatText): string {
  return Number.isFinite(value) ? text(value) : fail('configuration', `JSON cannot hold the number ${value}`);
}

function describe(value: unknown): string {
  return value instanceof Date ? `the date ${value.toISOString().slice(0, 10)}` : `a ${typeof value}`;
}

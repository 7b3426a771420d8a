import { isMapping } from './plain.ts';
import { floatText, PythonFloat } from './python-float.ts';

/** `str(value)` of Python: what a value looks like in a formatted string. */
export function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/** `repr(value)` of Python for JSON-like values. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Number.isInteger(value) ? integerText(value) : floatText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return quoted(value);
  if (value instanceof PythonFloat) return floatText(value.valueOf());
  if (value instanceof Date) return dateText(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (isMapping(value)) {
    return `{${Object.entries(value)
      .map(([key, member]) => `${quoted(key)}: ${pythonRepr(member)}`)
      .join(', ')}}`;
  }
  throw new TypeError(`no Python text for ${typeof value}`);
}

/** The name of a value's type, as Python's messages have it. */
export function pythonTypeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (value instanceof PythonFloat) return 'float';
  if (value instanceof Date) return 'date';
  return Array.isArray(value) ? 'list' : 'dict';
}

/** A day, or a moment of one. */
function dateText(date: Date): string {
  const text = date.toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.slice(0, 19).replace('T', ' ');
}

/** An integer without exponent, whatever its size. */
export function integerText(value: number): string {
  return Math.abs(value) < 1e21 ? String(value) : BigInt(value).toString();
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\\n\r\t'\p{C}\p{Z}]/gu, (character) => {
    if (character === ' ') return character;
    if (character === "'") return quote === "'" ? "\\'" : "'";
    return escapes[character] ?? escapedCodePoint(character.codePointAt(0)!);
  });
  return quote + body + quote;
}

function escapedCodePoint(code: number): string {
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

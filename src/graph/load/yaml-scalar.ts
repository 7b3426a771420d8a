import { PythonFloat } from '../values/python-float.ts';

const booleans: ReadonlyMap<string, boolean> = new Map(
  ['yes', 'true', 'on', 'no', 'false', 'off'].flatMap((word, index) =>
    [word, word[0]!.toUpperCase() + word.slice(1), word.toUpperCase()].map(
      (text) => [text, index < 3] as const,
    ),
  ),
);
const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);

const float =
  /^(?:[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?|[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const integer =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][\d_]*)|[-+]?0x[\da-fA-F_]+|[-+]?[1-9][\d_]*(?::[0-5]?\d)+)$/;
const timestamp =
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::?\d\d)?))?)$/;

/**
 * What a plain scalar stands for in YAML 1.1 as PyYAML reads it: `yes` is true, `010` is 8, `1:30` is 90, `1e3` is text.
 * Undefined when it is text. A float with a whole value is a PythonFloat, an integer beyond 2^53 a bigint, a point in
 * time a Date.
 */
export function resolveScalar(
  text: string,
): boolean | null | number | bigint | PythonFloat | Date | undefined {
  const first = text.charCodeAt(0);
  const isNumeric = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46;
  if (!isNumeric) {
    if (text.length > 5) return undefined;
    if (nulls.has(text)) return null;
    return booleans.get(text);
  }
  if (integer.test(text)) return toInteger(text);
  if (float.test(text)) return toFloat(text);
  return timestamp.test(text) ? toDate(text) : undefined;
}

function toInteger(text: string): number | bigint {
  const { sign, digits } = withoutSign(text);
  const value = digits.includes(':')
    ? digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n)
    : BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const signed = sign < 0 ? -value : value;
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

function toFloat(text: string): number | PythonFloat {
  const { sign, digits } = withoutSign(text.toLowerCase());
  let value: number;
  if (digits === '.inf') value = Infinity;
  else if (digits === '.nan') value = NaN;
  else if (digits.includes(':')) value = digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  else value = Number(digits);
  value *= sign;
  return Number.isInteger(value) ? new PythonFloat(value) : value;
}

function withoutSign(text: string): { sign: 1 | -1; digits: string } {
  const plain = text.replaceAll('_', '');
  const sign = plain.startsWith('-') ? -1 : 1;
  return { sign, digits: /^[-+]/.test(plain) ? plain.slice(1) : plain };
}

function toDate(text: string): Date {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = (text.match(/\d+/g) ?? []).map(
    Number,
  );
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

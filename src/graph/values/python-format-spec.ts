import { floatText, padExponent, PythonFloat } from './python-float.ts';
import { pythonTypeName } from './python-text.ts';

const shape =
  /^(?:(?<fill>[\s\S])?(?<align>[<>=^]))?(?<sign>[ +-])?(?<alternate>#)?(?<zero>0)?(?<width>\d+)?(?<group>[,_])?(?:\.(?<precision>\d+))?(?<type>[bcdeEfFgGnosxX%])?$/u;

/** Formats a value by what stands after the colon of a field, e.g. `02d`, `>8`, `.1f`. `fail` gets the reason. */
export function formatSpec(value: unknown, spec: string, fail: (reason: string) => never): string {
  const parts = shape.exec(spec)?.groups;
  if (!parts) return fail(`":${spec}" is not a format`);
  const type = parts.type ?? '';
  const isText = typeof value === 'string';
  const isFloat = value instanceof PythonFloat || (typeof value === 'number' && !Number.isInteger(value));
  const isInteger =
    typeof value === 'boolean' || typeof value === 'bigint' || (typeof value === 'number' && !isFloat);
  if (!isText && !isFloat && !isInteger) return fail(`":${spec}" does not fit ${pythonTypeName(value)}`);
  const fits = isText ? 's' : isFloat ? 'eEfFgGn%' : 'bcdeEfFgGnoxX%';
  if (type !== '' && !fits.includes(type)) return fail(`":${spec}" does not fit ${pythonTypeName(value)}`);
  if (isText) {
    if (parts.sign || parts.alternate || parts.group || parts.align === '=') {
      return fail(`":${spec}" does not fit str`);
    }
    const cut =
      parts.precision === undefined ? value : Array.from(value).slice(0, Number(parts.precision)).join('');
    return pad('', cut, parts, '<');
  }
  const number = typeof value === 'bigint' ? value : Number(value);
  if (isInteger && parts.precision !== undefined && 'bcdnoxX'.includes(type)) {
    return fail(`":${spec}" has a precision, which does not fit an integer`);
  }
  const negative = number < 0 || Object.is(number, -0);
  if (type === 'c' && (negative || number > 0x10ffff)) return fail(`${number} is not a character`);
  const size = number < 0 ? -number : number;
  const digits =
    isInteger && 'bcdnoxX'.includes(type)
      ? integerDigits(size, parts)
      : floatDigits(Number(size), parts, isInteger);
  const sign = negative ? '-' : parts.sign === '+' || parts.sign === ' ' ? parts.sign : '';
  const prefix = parts.alternate && 'boxX'.includes(type) && type !== '' ? `0${type}` : '';
  return pad(sign + prefix, grouped(digits, parts.group, 'boxX'.includes(type || 'd') ? 4 : 3), parts, '>');
}

type Parts = Readonly<Record<string, string | undefined>>;

function integerDigits(size: number | bigint, { type = '' }: Parts): string {
  const whole = BigInt(size);
  if (type === 'b') return whole.toString(2);
  if (type === 'o') return whole.toString(8);
  if (type === 'x') return whole.toString(16);
  if (type === 'X') return whole.toString(16).toUpperCase();
  if (type === 'c') return String.fromCodePoint(Number(whole));
  return whole.toString();
}

function floatDigits(size: number, { type = '', precision }: Parts, isInteger: boolean): string {
  const places = precision === undefined ? 6 : Number(precision);
  switch (type) {
    case 'f':
    case 'F':
      return size.toFixed(places);
    case '%':
      return `${(size * 100).toFixed(places)}%`;
    case 'e':
      return padExponent(size.toExponential(places));
    case 'E':
      return padExponent(size.toExponential(places)).toUpperCase();
    case 'G':
      return general(size, places).toUpperCase();
    case 'g':
    case 'n':
      return general(size, places);
    default:
      if (precision === undefined) return isInteger ? BigInt(size).toString() : floatText(size);
      return general(size, places, true);
  }
}

/** `g`: so many significant digits, without zeros at the end; `dotted`: with one digit after the point at least. */
function general(size: number, places: number, dotted = false): string {
  const digits = Math.max(1, places);
  const exponent = size === 0 ? 0 : Number(size.toExponential(digits - 1).split('e')[1]);
  if (exponent < -4 || exponent >= (dotted ? digits - 1 : digits)) {
    const [mantissa = '', power = ''] = size.toExponential(digits - 1).split('e');
    return padExponent(`${withoutZeros(mantissa)}e${power}`);
  }
  const text = withoutZeros(size.toFixed(digits - 1 - exponent));
  return dotted && !text.includes('.') ? `${text}.0` : text;
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function grouped(digits: string, separator: string | undefined, size: number): string {
  if (separator === undefined) return digits;
  const [, whole = '', rest = ''] = /^([\da-fA-F]*)([\s\S]*)$/.exec(digits)!;
  return whole.replace(new RegExp(`\\B(?=(.{${size}})+$)`, 'g'), separator) + rest;
}

function pad(sign: string, digits: string, parts: Parts, usual: string): string {
  const missing = Number(parts.width ?? 0) - Array.from(sign + digits).length;
  if (missing <= 0) return sign + digits;
  const filler = parts.fill ?? (parts.zero ? '0' : ' ');
  const align = parts.align ?? (parts.zero && usual === '>' ? '=' : usual);
  if (align === '=') return sign + filler.repeat(missing) + digits;
  if (align === '<') return sign + digits + filler.repeat(missing);
  if (align === '>') return filler.repeat(missing) + sign + digits;
  const left = Math.floor(missing / 2);
  return filler.repeat(left) + sign + digits + filler.repeat(missing - left);
}

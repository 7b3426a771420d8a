import { compareCodePoints } from '../../base/hash.ts';
import { isMapping } from './plain.ts';
import { floatText, PythonFloat } from './python-float.ts';
import { integerText } from './python-text.ts';

export interface PythonJsonOptions {
  /** no space after `,` and `:` */
  readonly compact?: boolean;
  /** keys in code-point order instead of the order in which they were set */
  readonly sortKeys?: boolean;
}

/** JSON text as Python's `json.dumps` separates it; other than there, characters beyond ASCII are not escaped. */
export function pythonJson(value: unknown, options: PythonJsonOptions = {}): string {
  const comma = options.compact ? ',' : ', ';
  const colon = options.compact ? ':' : ': ';
  const write = (item: unknown): string => {
    if (item === null || typeof item === 'boolean') return String(item);
    if (typeof item === 'string') return JSON.stringify(item);
    if (typeof item === 'bigint') return item.toString();
    if (item instanceof PythonFloat) return finite(item.valueOf(), floatText);
    if (typeof item === 'number') return finite(item, Number.isInteger(item) ? integerText : floatText);
    if (Array.isArray(item)) return `[${item.map(write).join(comma)}]`;
    if (!isMapping(item)) throw new TypeError(`not a JSON value: ${typeof item}`);
    const members = Object.entries(item).filter(([, member]) => member !== undefined);
    if (options.sortKeys) members.sort(([a], [b]) => compareCodePoints(a, b));
    return `{${members.map(([key, member]) => JSON.stringify(key) + colon + write(member)).join(comma)}}`;
  };
  return write(value);
}

function finite(value: number, text: (value: number) => string): string {
  if (!Number.isFinite(value)) throw new TypeError(`not a JSON number: ${value}`);
  return text(value);
}

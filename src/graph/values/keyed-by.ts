import { isMapping, type Mapping, onlyKey, own, setOwn } from './plain.ts';
import { matchesAsWhole, PythonRegexError } from './python-regex.ts';
import { pythonRepr, pythonText } from './python-text.ts';

/** A `by-*` mapping that has no answer, or several. */
export class KeyedByError extends Error {
  override readonly name = 'KeyedByError';
  /** the field of a draft, when it was one */
  path: readonly string[] = [];
}

export interface KeyedByOptions {
  /** names (without `by-`) that stay as they are for a later evaluation */
  readonly defer?: readonly string[];
  /** false: the first of several matching regular expressions counts; default: that is an error */
  readonly enforceSingleMatch?: boolean;
}

/**
 * Answers `by-<name>` mappings, nested ones too, with the attribute of that name: the key that equals it, else the one
 * regular expression that matches it as a whole, else `default`. Other values are given back unchanged.
 * `itemName` tells in messages what the value is. Throws KeyedByError.
 */
export function evaluateKeyedBy(
  value: unknown,
  itemName: string,
  attributes: Readonly<Mapping>,
  options: KeyedByOptions = {},
): unknown {
  let current = value;
  for (;;) {
    const key = onlyKey(current);
    if (key === undefined || !key.startsWith('by-')) return current;
    const name = key.slice('by-'.length);
    if (options.defer?.includes(name)) return current;
    current = choose(name, (current as Mapping)[key], itemName, own(attributes, name), options);
  }
}

function choose(
  name: string,
  alternatives: unknown,
  itemName: string,
  target: unknown,
  options: KeyedByOptions,
): unknown {
  if (!isMapping(alternatives)) {
    throw new KeyedByError(`by-${name} needs a mapping of alternatives, in ${itemName}`);
  }
  if (onlyKey(alternatives) === 'default') {
    throw new KeyedByError(
      `by-${name} is not needed: it has "default" as its only alternative, in ${itemName}`,
    );
  }
  if (target === undefined || target === null) {
    if (Object.hasOwn(alternatives, 'default')) return alternatives.default;
    throw new KeyedByError(`there is no attribute "${name}" and no "default" alternative, in ${itemName}`);
  }
  const matches = matchesOf(alternatives, target, itemName);
  if (matches.length > 1 && options.enforceSingleMatch !== false) {
    const keys = Object.keys(alternatives).filter((key) => matches.includes(alternatives[key]));
    throw new KeyedByError(
      `several alternatives of by-${name} match ${pythonRepr(target)}: ${keys.join(', ')}; in ${itemName}`,
    );
  }
  if (matches.length === 0) {
    throw new KeyedByError(
      `no alternative of by-${name} matches ${pythonRepr(target)} and there is no "default", in ${itemName}`,
    );
  }
  return matches[0];
}

function matchesOf(alternatives: Mapping, target: unknown, itemName: string): unknown[] {
  try {
    return keymatch(alternatives, keyText(target));
  } catch (error) {
    if (!(error instanceof PythonRegexError)) throw error;
    throw new KeyedByError(`${error.message}, in ${itemName}`, { cause: error });
  }
}

/** A value as the key that YAML makes of it: `true` for a boolean, else its text. */
function keyText(value: unknown): string {
  return typeof value === 'boolean' ? String(value) : pythonText(value);
}

/**
 * The values whose key matches: the one key that is equal, else all keys that match as regular expressions, else
 * `default`. Throws PythonRegexError for a key that is no regular expression.
 */
export function keymatch(attributes: Readonly<Mapping>, key: string): unknown[] {
  if (Object.hasOwn(attributes, key)) return [attributes[key]];
  const matches = Object.keys(attributes).filter((pattern) => matchesAsWhole(pattern, key));
  if (matches.length > 0) return matches.map((match) => attributes[match]);
  return Object.hasOwn(attributes, 'default') ? [attributes.default] : [];
}

/**
 * Evaluates one field of a draft in place. `field` is a dotted path, a part that ends in `[]` means every member of a
 * list; a field that is not there is left alone. The draft's own top-level keys and `context`, which comes first, are the
 * attributes. Throws KeyedByError.
 */
export function resolveKeyedBy(
  draft: Mapping,
  field: string,
  itemName: string,
  context: Readonly<Mapping> = {},
  options: KeyedByOptions = {},
): void {
  for (const [container, key] of fieldsAt(draft, field)) {
    if (onlyKey(container[key])?.startsWith('by-') !== true) continue;
    const name = `\`${field}\` in \`${itemName}\``;
    try {
      setOwn(container, key, evaluateKeyedBy(container[key], name, { ...draft, ...context }, options));
    } catch (error) {
      if (error instanceof KeyedByError && !field.includes('[]')) error.path = field.split('.');
      throw error;
    }
  }
}

/** Every mapping that has the last part of a dotted path, with that part. */
function fieldsAt(draft: Mapping, path: string): [Mapping, string][] {
  const dot = path.indexOf('.');
  if (dot < 0) return Object.hasOwn(draft, path) ? [[draft, path]] : [];
  const first = path.slice(0, dot);
  const rest = path.slice(dot + 1);
  if (first.endsWith('[]')) {
    const list = own(draft, first.slice(0, -2));
    return Array.isArray(list) ? list.filter(isMapping).flatMap((item) => fieldsAt(item, rest)) : [];
  }
  const inner = own(draft, first);
  return isMapping(inner) ? fieldsAt(inner, rest) : [];
}

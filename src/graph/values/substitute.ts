import { isMapping, type Mapping, own, setOwn } from './plain.ts';
import { formatPython, PythonFormatError } from './python-format.ts';

/** A copy of a value in which every string, keys of mappings too, is filled as a template. Throws PythonFormatError. */
export function substitute(value: unknown, fields: Readonly<Mapping>): unknown {
  if (typeof value === 'string') return formatPython(value, fields);
  if (Array.isArray(value)) return value.map((item, at) => atKey(at, () => substitute(item, fields)));
  if (!isMapping(value)) return value;
  const filled: Mapping = {};
  for (const key of Object.keys(value)) {
    const name = atKey(key, () => formatPython(key, fields));
    setOwn(
      filled,
      name,
      atKey(key, () => substitute(value[key], fields)),
    );
  }
  return filled;
}

/** Adds a key to the path of an error. */
function atKey<T>(key: string | number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PythonFormatError) error.path.unshift(key);
    throw error;
  }
}

/**
 * Fills the fields of a draft, given as dotted paths, in place. A field that is not there is a mistake: PythonFormatError,
 * as for templates that cannot be filled.
 */
export function substituteFields(draft: Mapping, paths: readonly string[], fields: Readonly<Mapping>): void {
  for (const path of paths) {
    const { container, key } = fieldAt(draft, path);
    try {
      setOwn(container, key, substitute(container[key], fields));
    } catch (error) {
      if (error instanceof PythonFormatError) error.path.unshift(...path.split('.'));
      throw error;
    }
  }
}

/** The mapping that a dotted path's last part lies in. Throws PythonFormatError when the field is not there. */
export function fieldAt(draft: Mapping, path: string): { container: Mapping; key: string } {
  const parts = path.split('.');
  const key = parts.pop()!;
  let container: unknown = draft;
  for (const part of parts) container = isMapping(container) ? own(container, part) : undefined;
  if (!isMapping(container) || !Object.hasOwn(container, key)) {
    throw new PythonFormatError(`there is no field "${path}" to substitute in`);
  }
  return { container, key };
}

/** What a dotted path leads to; undefined when it leads nowhere. */
export function deepGet(mapping: Readonly<Mapping>, path: string): unknown {
  let value: unknown = mapping;
  for (const part of path.split('.')) {
    if (!isMapping(value)) return undefined;
    value = own(value, part);
  }
  return value;
}

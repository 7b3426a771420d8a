import { isMapping, type Mapping, setOwn } from '../values/plain.ts';
import { PythonFloat } from '../values/python-float.ts';
import type { Path } from './api.ts';

/** What came back from a plugin, or a part of it, is nothing that JSON can say. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
  readonly path: Path;

  constructor(what: string, path: Path) {
    super(what);
    this.path = path;
  }
}

/** A number that the YAML spelled `3.0`; plugins see 3. */
export interface Float {
  readonly path: Path;
  readonly value: PythonFloat;
}

/** A copy of JSON-like data for a plugin to change. `floats` gets the numbers that lose their spelling. */
export function handIn<T>(value: T, floats: Float[] = []): T {
  return copyIn(value, [], floats) as T;
}

/** `path` is one list for the whole walk: most values need none of their own. */
function copyIn(value: unknown, path: (string | number)[], floats: Float[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof PythonFloat) {
    floats.push({ path: [...path], value });
    return value.valueOf();
  }
  const part = (key: string | number, item: unknown): unknown => {
    path.push(key);
    const copy = copyIn(item, path, floats);
    path.pop();
    return copy;
  };
  if (Array.isArray(value)) return value.map((item, index) => part(index, item));
  if (value instanceof Date) return new Date(value);
  if (!isMapping(value)) return value;
  const copy: Mapping = {};
  for (const key of Object.keys(value)) setOwn(copy, key, part(key, value[key]));
  return copy;
}

/** A frozen copy of JSON-like data, for a plugin to read. */
export function frozenCopy(value: unknown): unknown {
  return freeze(handIn(value));
}

function freeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

/** A copy of what a plugin gave; nothing that it still holds is part of it. Throws {@link NotJson}. */
export function takeBack(value: unknown, floats: readonly Float[] = []): unknown {
  const copy = copyOut(value, [], new Set());
  for (const float of floats) restore(copy, float);
  return copy;
}

/** The same for what must be a mapping. */
export function takeBackMapping(value: unknown, floats: readonly Float[] = []): Mapping {
  if (isMapping(value)) return takeBack(value, floats) as Mapping;
  throw new NotJson(`${describe(value)}, not a mapping`, []);
}

/** `path` is one list for the whole walk, `above` the containers on it. */
function copyOut(value: unknown, path: (string | number)[], above: Set<unknown>): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (typeof value === 'number') throw new NotJson(String(value), [...path]);
  if (above.has(value)) throw new NotJson('a part of itself', [...path]);
  const isList = Array.isArray(value);
  if (!isList && !isMapping(value)) throw new NotJson(describe(value), [...path]);
  const part = (key: string | number, item: unknown): unknown => {
    path.push(key);
    const copy = copyOut(item, path, above);
    path.pop();
    return copy;
  };
  above.add(value);
  let copy: Mapping | unknown[];
  if (isList) {
    // Not `map`: it would leave the holes of a list as they are.
    copy = Array.from(value, (item: unknown, index) => part(index, item));
  } else {
    copy = {};
    for (const key of Object.keys(value)) setOwn(copy, key, part(key, value[key]));
  }
  above.delete(value);
  return copy;
}

/** What a value is that JSON does not have: `undefined`, `a function`, `an instance of Map`. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  const { name } = value.constructor as { name?: unknown };
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object of a class';
}

/** A number that the plugin has left where it was gets its spelling back. */
function restore(copy: unknown, { path, value }: Float): void {
  let container = copy;
  for (const key of path.slice(0, -1)) container = (container as Mapping | undefined | null)?.[key];
  const key = path.at(-1);
  if (key === undefined || typeof container !== 'object' || container === null) return;
  if ((container as Mapping)[key] === value.valueOf()) (container as Mapping)[key] = value;
}

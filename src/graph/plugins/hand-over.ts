import { isMapping, type Mapping, setOwn } from '../values/plain.ts';
import { PythonFloat } from '../values/python-float.ts';
import type { Json, Path } from './api.ts';

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

function copyIn(value: unknown, path: Path, floats: Float[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, index) => copyIn(item, [...path, index], floats));
  if (value instanceof PythonFloat) {
    floats.push({ path, value });
    return value.valueOf();
  }
  if (!isMapping(value)) return value;
  const copy: Mapping = {};
  for (const key of Object.keys(value)) setOwn(copy, key, copyIn(value[key], [...path, key], floats));
  return copy;
}

/** A frozen copy of JSON-like data, for a plugin to read. */
export function frozenCopy<T>(value: unknown): T {
  return freeze(handIn(value)) as T;
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

function copyOut(value: unknown, path: Path, above: Set<unknown>): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new NotJson(String(value), path);
    case 'object':
      if (value === null) return value;
      break;
    default:
      throw new NotJson(describe(value), path);
  }
  if (above.has(value)) throw new NotJson('a part of itself', path);
  if (!Array.isArray(value) && !isMapping(value)) throw new NotJson(describe(value), path);
  above.add(value);
  // Not `map`: it would leave the holes of a list as they are.
  const copy: unknown = Array.isArray(value)
    ? Array.from(value, (item, index) => copyOut(item, [...path, index], above))
    : copyMapping(value, path, above);
  above.delete(value);
  return copy;
}

function copyMapping(value: Mapping, path: Path, above: Set<unknown>): Mapping {
  const copy: Mapping = {};
  for (const key of Object.keys(value)) setOwn(copy, key, copyOut(value[key], [...path, key], above));
  return copy;
}

/** What a value is that JSON does not have: `undefined`, `a function`, `a Map`. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  const { name } = value.constructor as { name?: unknown };
  return typeof name === 'string' && name !== '' ? `a ${name}` : 'an object of a class';
}

/** A number that the plugin has left where it was gets its spelling back. */
function restore(copy: unknown, { path, value }: Float): void {
  let container = copy;
  for (const key of path.slice(0, -1)) container = (container as Mapping | undefined | null)?.[key];
  const key = path.at(-1);
  if (key === undefined || typeof container !== 'object' || container === null) return;
  if ((container as Mapping)[key] === value.valueOf()) (container as Mapping)[key] = value;
}

/** Nothing but what JSON has: for values that go from one plugin straight to another. */
export function takeBackJson(value: unknown): Json {
  return takeBack(value) as Json;
}

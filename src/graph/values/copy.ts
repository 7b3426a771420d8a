import { isMapping, type Mapping, setOwn } from './plain.ts';

/** A deep copy of JSON-like data; instances of classes (numbers such as `3.0`) are immutable and shared. */
export function deepCopy<T>(value: T): T {
  return copyAny(value) as T;
}

function copyAny(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyAny);
  if (!isMapping(value)) return value;
  const copy: Mapping = {};
  for (const key in value) setOwn(copy, key, copyAny(value[key]));
  return copy;
}

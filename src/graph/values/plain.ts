/** A mapping as YAML and JSON know it. */
export type Mapping = Record<string, unknown>;

/** True for mappings: neither lists, null, nor instances of classes. */
export function isMapping(value: unknown): value is Mapping {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value of a key that the mapping itself has; never what its prototype has. */
export function own(mapping: Mapping, key: string): unknown {
  return Object.hasOwn(mapping, key) ? mapping[key] : undefined;
}

/** Sets a key, whatever its name is; plain assignment of `__proto__` would change the prototype. */
export function setOwn(mapping: Mapping, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(mapping, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    mapping[key] = value;
  }
}

/** The only key of a mapping with exactly one, else undefined. */
export function onlyKey(value: unknown): string | undefined {
  if (!isMapping(value)) return undefined;
  let only: string | undefined;
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    if (only !== undefined) return undefined;
    only = key;
  }
  return only;
}

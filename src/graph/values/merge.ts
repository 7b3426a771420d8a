import { deepCopy } from './copy.ts';
import { isMapping, type Mapping, onlyKey, own, setOwn } from './plain.ts';

/**
 * Merges mappings, later ones over earlier ones: mappings are merged deeply, lists concatenated, scalars replaced.
 * A `by-*` mapping and a value of another type replace what was there. The result shares nothing with the arguments.
 */
export function mergeTemplates(...mappings: readonly Mapping[]): Mapping {
  const merged: Mapping = {};
  for (const mapping of mappings) mergeInto(merged, mapping);
  return merged;
}

function mergeInto(target: Mapping, source: Mapping): void {
  for (const key of Object.keys(source)) {
    const value = source[key];
    const present = own(target, key);
    const isKeyedBy = onlyKey(value)?.startsWith('by-') === true;
    if (Array.isArray(value) && Array.isArray(present)) {
      setOwn(target, key, [...present, ...deepCopy(value)]);
    } else if (isMapping(value) && isMapping(present) && !isKeyedBy) {
      mergeInto(present, value);
    } else {
      setOwn(target, key, deepCopy(value));
    }
  }
}

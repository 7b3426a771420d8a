import { isMapping, type Mapping, setOwn } from '../values/plain.ts';

const time = /^\d{4}-[01]\d-[0-3]\d[t\s](?:[0-2]\d:[0-5]\d:[0-5]\d|23:59:60)(?:\.\d+)?(?:z|[+-]\d\d:\d\d)$/i;

/**
 * A definition as the queue has it, with every time in it counted from the task's creation, so that it can be created
 * again now.
 */
export function relativeTimes(definition: Mapping): Mapping {
  const base = Date.parse(String(definition.created));
  const relative = (value: unknown): unknown => {
    if (typeof value === 'string' && time.test(value)) {
      const seconds = Math.trunc((Date.parse(value) - base) / 1000);
      return { 'relative-datestamp': `${seconds} seconds` };
    }
    if (Array.isArray(value)) return value.map(relative);
    if (!isMapping(value)) return value;
    const copy: Mapping = {};
    for (const key of Object.keys(value)) setOwn(copy, key, relative(value[key]));
    return copy;
  };
  return relative(definition) as Mapping;
}

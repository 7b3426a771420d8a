import { canonicalJson } from '../../../base/hash.ts';
import { either, listOf, mapOf, nameOf, restricted, type Shape, simple, text } from '../../load/shape.ts';
import { reference } from '../../payloads/shapes.ts';
import { isMapping, onlyKey } from '../../values/plain.ts';

/** Parts of payloads before references are resolved: each text may still be a reference to a task or an artifact. */
export const workerText: Shape = reference;
export const texts = mapOf(workerText);

const isReference = (value: unknown): boolean => onlyKey(value) === 'task-reference';
/** A mapping whose keys may hold references: then it is one as a whole. */
export const referencedTexts = either(
  (value) => isReference(value) && isMapping((value as Record<string, unknown>)['task-reference']),
  mapOf(mapOf(text)),
  texts,
);

/** A moment, or so long after the task's creation. */
export const moment = either(
  (value) => onlyKey(value) === 'relative-datestamp',
  mapOf(text),
  simple('a moment such as 2026-01-31T00:00:00.000Z', isMoment, { type: 'string', format: 'date-time' }),
);

function isMoment(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
}

export function wholeFrom(least: number): Shape {
  const accepts = (value: unknown): boolean =>
    (Number.isInteger(value) || typeof value === 'bigint') && (value as number | bigint) >= least;
  return simple(`a whole number from ${least} on`, accepts, { type: 'integer', minimum: least });
}

export function matching(what: string, pattern: RegExp): Shape {
  return simple(what, (value) => typeof value === 'string' && pattern.test(value), {
    type: 'string',
    pattern: pattern.source,
  });
}

/** A list of which no two members are equal. */
export function distinct(member: Shape): Shape {
  return restricted(listOf(member), (value, path, tell) => {
    const seen = new Set<string>();
    for (const [index, item] of (value as unknown[]).entries()) {
      const text = typeof item === 'bigint' ? item.toString() : canonicalJson(item);
      if (seen.has(text)) {
        const shown = typeof item === 'object' ? 'an entry' : text;
        tell({ message: `${nameOf(path)} has ${shown} twice`, path: [...path, index] });
      }
      seen.add(text);
    }
  });
}

export function filled(list: Shape): Shape {
  return restricted(list, (value, path, tell) => {
    if ((value as unknown[]).length === 0) tell({ message: `${nameOf(path)} must not be empty`, path });
  });
}

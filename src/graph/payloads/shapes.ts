import { either, flag, integer, listOf, mapOf, oneOf, type Shape, text } from '../load/shape.ts';
import { isMapping, onlyKey } from '../values/plain.ts';

/** A text, or a reference that becomes one when the task is created. */
export const reference = either(
  (value) => ['task-reference', 'artifact-reference'].includes(onlyKey(value) ?? ''),
  mapOf(text),
  text,
);

/** A text that says something. */
export const filledText: Shape = (value, path, tell) => {
  if (value === '') tell({ message: `"${path.join('.')}" must not be empty`, path });
  else text(value, path, tell);
};

export const environment = mapOf(reference);
export const exitCodes = listOf(integer);

/** What both of Taskcluster's workers know of a cache, beside its name and place. */
export const cacheKeys: Readonly<Record<string, Shape>> = {
  key: mapOf(listOf(text)),
  'vary-on': listOf(text),
  'share-down': flag,
  'commit-on': oneOf(['success', 'end']),
  checkout: (value, path, tell) => {
    if (!isMapping(value)) tell({ message: '"checkout" is set by the run transform', path });
  },
};

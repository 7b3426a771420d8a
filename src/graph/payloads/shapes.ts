import {
  custom,
  described,
  either,
  flag,
  integer,
  listOf,
  mapOf,
  oneOf,
  restricted,
  type Shape,
  text,
} from '../load/shape.ts';
import { isMapping, onlyKey } from '../values/plain.ts';

/** A text, or a reference that becomes one when the task is created. */
export const reference = either(
  (value) => typeof value === 'object',
  either(
    (value) => ['task-reference', 'artifact-reference'].includes(onlyKey(value) ?? ''),
    mapOf(text),
    text,
  ),
  text,
);

/** A text that says something. */
export const filledText: Shape = restricted(
  text,
  (value, path, tell) => {
    if (value === '') tell({ message: `"${path.join('.')}" must not be empty`, path });
  },
  { minLength: 1 },
);

export const environment = mapOf(reference);
export const exitCodes = listOf(integer);

/** What both of Taskcluster's workers know of a cache, beside its name and place. */
export const authoredCacheKeys: Readonly<Record<string, Shape>> = {
  key: described(
    'What else determines the content: {files: [globs], strings: [...], parameters: [...]}.',
    mapOf(listOf(text)),
  ),
  'vary-on': described('Only these ingredients are in the name of the cache.', listOf(text)),
  'share-down': described('Tasks of lower levels may start from what trusted tasks left.', flag),
  'commit-on': described('When changes are kept.', oneOf(['success', 'end'])),
  'on-conflict': described(
    "What becomes of changes when another task's came first.",
    oneOf(['auto', 'own', 'drop']),
  ),
  backend: described(
    'How it is kept and mounted, where the worker can do both.',
    oneOf(['overlay', 'direct']),
  ),
};

/** The same, and what the run transform adds. */
export const cacheKeys: Readonly<Record<string, Shape>> = {
  ...authoredCacheKeys,
  checkout: custom(
    () => ({ not: {} }),
    (value, path, tell) => {
      if (!isMapping(value)) tell({ message: '"checkout" is set by the run transform', path });
    },
  ),
};

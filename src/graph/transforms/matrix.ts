import {
  anything,
  described,
  keys,
  listOf,
  mapOf,
  nullable,
  restricted,
  type Shape,
  text,
} from '../load/shape.ts';
import { deepCopy } from '../values/copy.ts';
import { isMapping, type Mapping, own, setOwn } from '../values/plain.ts';
import { pythonText } from '../values/python-text.ts';
import { sameValue } from '../values/same-value.ts';
import { substituteFields } from '../values/substitute.ts';
import { stepThrough } from './draft-step.ts';
import { shaped } from './draft-shape.ts';
import type { Draft, Transform } from './transform.ts';

const settings = {
  'set-name': described('The name of each task, with {matrix[<dimension>]} in it.', nullable(text)),
  'substitution-fields': described(
    'Where {matrix[<dimension>]} is filled in; default: everywhere.',
    listOf(text),
  ),
  exclude: described('Combinations, or parts of them, that are left out.', listOf(mapOf(text))),
};
const dimension = listOf(anything);
const matrixShape = restricted(
  keys({ optional: settings, unknown: 'allowed' }),
  (value, path, tell) => {
    const names = Object.keys(value as Mapping).filter(isDimension);
    if (names.length === 0) tell({ message: '"matrix" has no dimension', path });
    for (const name of names) dimension((value as Mapping)[name], [...path, name], tell);
  },
  { additionalProperties: { type: 'array' }, minProperties: 1 },
);

/** Keys of a task that `matrix` knows. */
export const matrixKeys: Readonly<Record<string, Shape>> = {
  matrix: described('One task for every combination of values: {<dimension>: [values]}.', matrixShape),
};
const shape = keys({ optional: matrixKeys, unknown: 'allowed' });

function isDimension(key: string): boolean {
  return !Object.hasOwn(settings, key);
}

/**
 * `matrix`: makes a draft for every combination of the values of its dimensions, named `<name>-<value>-…` or after
 * `set-name`, and puts the values in the place of `{matrix[dimension]}` in all fields or in `substitution-fields`.
 * The combination is kept in `attributes.matrix`.
 */
export const matrix: Transform = (context, drafts) =>
  stepThrough(context, shaped(context, drafts, { required: ['name'], shape }), (draft) => {
    if (!Object.hasOwn(draft, 'matrix')) return draft;
    const { matrix: config, ...task } = draft;
    if (!isMapping(config)) return task;
    const setName = own(config, 'set-name');
    const fields = [...((own(config, 'substitution-fields') ?? Object.keys(task)) as readonly string[])];
    if (setName !== undefined && setName !== null && !fields.includes('name')) fields.push('name');
    return combinations(config).map((values) => {
      const made: Draft = deepCopy(task);
      const attributes = isMapping(made.attributes) ? made.attributes : {};
      made.attributes = attributes;
      const all = { ...(isMapping(attributes['matrix']) ? attributes['matrix'] : {}), ...values };
      setOwn(attributes, 'matrix', all);
      made.name =
        typeof setName === 'string'
          ? setName
          : [task.name, ...Object.values(values).map(pythonText)].join('-');
      substituteFields(made, fields, { matrix: all });
      return made;
    });
  });

/** Every combination of one value of each dimension, without those that a rule of `exclude` names a part of. */
function combinations(config: Mapping): Mapping[] {
  const dimensions = Object.keys(config).filter(isDimension);
  const excluded = (own(config, 'exclude') ?? []) as readonly Mapping[];
  const isExcluded = (values: Mapping): boolean =>
    excluded.some((rule) => Object.entries(rule).every(([key, value]) => sameValue(own(values, key), value)));
  return dimensions
    .reduce<Mapping[]>(
      (rows, name) =>
        rows.flatMap((row) => (config[name] as unknown[]).map((value) => extended(row, name, value))),
      [{}],
    )
    .filter((values) => !isExcluded(values));
}

function extended(row: Mapping, name: string, value: unknown): Mapping {
  const values = { ...row };
  setOwn(values, name, value);
  return values;
}

import { FAILSAFE_SCHEMA, type Schema, Type } from 'js-yaml';
import { isNumber, PythonFloat } from '../values/python-float.ts';
import { resolveScalar } from './yaml-scalar.ts';

/** All plain scalars in one type: five types would look at each of them five times. */
const plain = new Type('tag:caisson,plain', {
  kind: 'scalar',
  resolve: (text: string | null) => text === null || resolveScalar(text) !== undefined,
  construct: (text: string | null) => (text === null ? null : resolveScalar(text)),
});

const merge = new Type('tag:yaml.org,2002:merge', {
  kind: 'scalar',
  resolve: (text: string | null) => text === '<<',
});

function tagged(
  tag: string,
  accept: (value: unknown) => boolean,
  construct: (value: unknown) => unknown,
): Type {
  return new Type(`tag:yaml.org,2002:${tag}`, {
    kind: 'scalar',
    resolve: (text: string | null) => accept(resolveScalar(text ?? '')),
    construct: (text: string | null) => construct(resolveScalar(text ?? '')),
  });
}

const isInteger = (value: unknown) => typeof value === 'bigint' || Number.isInteger(value);
const asFloat = (value: unknown) => (Number.isInteger(value) ? new PythonFloat(value) : value);

/** YAML 1.1 as PyYAML's safe loader reads it, without binary data, sets and ordered mappings. */
export const yaml11: Schema = FAILSAFE_SCHEMA.extend({
  implicit: [merge, plain],
  explicit: [
    tagged('int', isInteger, (value) => value),
    tagged('float', isNumber, asFloat),
    tagged(
      'bool',
      (value) => typeof value === 'boolean',
      (value) => value,
    ),
    tagged(
      'null',
      () => true,
      () => null,
    ),
    tagged(
      'timestamp',
      (value) => value instanceof Date,
      (value) => value,
    ),
  ],
});

import { dump, FAILSAFE_SCHEMA, Type } from 'js-yaml';
import { compareCodePoints } from '../../base/hash.ts';
import { resolveScalar } from '../load/yaml-scalar.ts';
import { floatText, isNumber, PythonFloat } from '../values/python-float.ts';
import { integerText } from '../values/python-text.ts';

function numberText(value: number | PythonFloat): string {
  const isFloat = value instanceof PythonFloat || !Number.isInteger(value);
  const text = isFloat ? floatText(value.valueOf()) : integerText(value);
  // Without a dot, YAML 1.1 takes it for text.
  return isFloat && /^-?\d+e/.test(text) ? text.replace('e', '.0e') : text;
}

const scalar = new Type('tag:caisson,plain', {
  kind: 'scalar',
  // A text that would be read as something else is written in quotes.
  resolve: (text: unknown) => typeof text !== 'string' || resolveScalar(text) !== undefined || text === '<<',
  construct: (text: unknown) => text,
  predicate: (value: unknown) =>
    value === null || typeof value === 'boolean' || typeof value === 'bigint' || isNumber(value),
  represent: (value: unknown) => (isNumber(value) ? numberText(value) : String(value)),
});
const schema = FAILSAFE_SCHEMA.extend({ implicit: [scalar] });

/** YAML 1.1 in block style with sorted keys, for PyYAML and ourselves to read. */
export function writeYaml(value: unknown): string {
  return dump(value, {
    schema,
    sortKeys: (a: string, b: string) => compareCodePoints(a, b),
    noArrayIndent: true,
    noRefs: true,
    lineWidth: -1,
  });
}

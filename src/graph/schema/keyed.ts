import type { JsonSchema } from '../load/shape.ts';
import { isMapping } from '../values/plain.ts';

/** `{by-<attribute>: {<value>: …, default: …}}`, whatever stands in it. */
export const byChoice: JsonSchema = {
  description: 'One of several values: {by-<attribute>: {<value or regular expression>: ..., default: ...}}.',
  type: 'object',
  patternProperties: { '^by-': { type: 'object', minProperties: 1 } },
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
};
const by = { $ref: '#/definitions/by' };
/** Transforms fill templates before anybody looks at the value. */
const template = { type: 'string', pattern: '\\{' };

/**
 * The schema of a part of a task in which every value may still be a `by-*` mapping and every word a template, and
 * whose keys may stand in the defaults instead. Members of lists are whole.
 */
export function allowKeyed(schema: JsonSchema): JsonSchema {
  const { required: _, ...open } = schema;
  return relaxed(open, allowKeyed);
}

function relaxedMember(schema: JsonSchema): JsonSchema {
  return relaxed(schema, relaxedMember);
}

function relaxed(schema: JsonSchema, inner: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const result: Record<string, unknown> = { ...schema };
  if (isMapping(schema['properties'])) {
    const entries = Object.entries(schema['properties']) as [string, JsonSchema][];
    result['properties'] = Object.fromEntries(entries.map(([key, part]) => [key, orKeyed(part, inner)]));
  }
  if (isMapping(schema['additionalProperties']))
    result['additionalProperties'] = orKeyed(schema['additionalProperties'], inner);
  if (isMapping(schema['items'])) result['items'] = relaxedMember(schema['items']);
  for (const key of ['anyOf', 'oneOf']) {
    if (Array.isArray(schema[key])) result[key] = (schema[key] as JsonSchema[]).map(inner);
  }
  if (!Array.isArray(schema['enum'])) return result;
  const { enum: words, ...rest } = result;
  return { ...rest, anyOf: [{ enum: words }, template] };
}

function orKeyed(schema: JsonSchema, inner: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const { description, ...rest } = inner(schema);
  // What is free, or never allowed, stays so.
  if (Object.keys(rest).length === 0 || 'not' in rest) return schema;
  return { ...(description === undefined ? {} : { description }), anyOf: [rest, by] };
}

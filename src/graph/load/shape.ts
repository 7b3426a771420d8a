import { didYouMean, nearest } from '../../base/suggest.ts';
import { isMapping, onlyKey } from '../values/plain.ts';
import { pythonText } from '../values/python-text.ts';
import type { DataPath } from './source-map.ts';

/** A value that has not the shape it must have. */
export interface ShapeMistake {
  readonly message: string;
  readonly path: DataPath;
  readonly hint?: string;
}

type Tell = (mistake: ShapeMistake) => void;

/** Looks at a value at a path and tells all that is wrong with it. */
export interface Shape {
  (value: unknown, path: DataPath, tell: Tell): void;
  /**
   * A quick look, where it can be had: true when there is nothing to tell. Thousands of tasks are looked at and nearly
   * all are right; for these no path is put together.
   */
  accepts?: Accepts;
  /** What an editor is told; without it, that everything is right. */
  draw?: () => JsonSchema;
}

/** JSON Schema, draft-07. */
export type JsonSchema = Readonly<Record<string, unknown>>;

type Accepts = (value: unknown) => boolean;

function shapeOf(accepts: Accepts, check: Shape, draw: () => JsonSchema): Shape {
  const shape: Shape = (value, path, tell) => check(value, path, tell);
  shape.accepts = accepts;
  shape.draw = draw;
  return shape;
}

function isAccepted(shape: Shape, value: unknown): boolean {
  return acceptsOf(shape)(value);
}

function acceptsOf(shape: Shape): Accepts {
  return shape.accepts ?? ((value) => tellsNothing(shape, value));
}

function tellsNothing(shape: Shape, value: unknown): boolean {
  let isRight = true;
  shape(value, [], () => {
    isRight = false;
  });
  return isRight;
}

/** What a shape looks like in JSON Schema. */
export function drawSchema(shape: Shape): JsonSchema {
  return shape.draw?.() ?? {};
}

/** The same shape, with a sentence for people who write it. */
export function described(description: string, shape: Shape): Shape {
  const draw = (): JsonSchema => ({ description, ...drawSchema(shape) });
  return shapeOf(acceptsOf(shape), shape, draw);
}

/** A shape of one's own; `check` is asked for every value. */
export function custom(draw: () => JsonSchema, check: Shape): Shape {
  return shapeOf((value) => isAccepted(check, value), check, draw);
}

/** The same shape with a further condition: `check` tells what else must hold of a value. */
export function restricted(shape: Shape, check: Shape, schema?: JsonSchema): Shape {
  const accepts: Accepts = (value) => isAccepted(shape, value) && isAccepted(check, value);
  const both: Shape = (value, path, tell) => {
    if (isAccepted(shape, value)) check(value, path, tell);
    else shape(value, path, tell);
  };
  return shapeOf(accepts, both, () => ({ ...drawSchema(shape), ...schema }));
}

/** A value that must be of one type; `what` as in "must be a text". */
export function simple(what: string, accepts: Accepts, schema: JsonSchema): Shape {
  const check: Shape = (value, path, tell) => {
    if (!accepts(value)) tell({ message: `${nameOf(path)} must be ${what}, not ${describe(value)}`, path });
  };
  return shapeOf(accepts, check, () => schema);
}

const isText: Accepts = (value) => typeof value === 'string';
const isInteger: Accepts = (value) => Number.isInteger(value) || typeof value === 'bigint';

export const text = shapeOf(
  isText,
  (value, path, tell) => {
    if (isText(value)) return;
    const isScalar = ['number', 'bigint', 'boolean'].includes(typeof value) || value instanceof Date;
    const hint = isScalar ? { hint: 'put quotes around it' } : {};
    tell({ message: `${nameOf(path)} must be a text, not ${describe(value)}`, path, ...hint });
  },
  () => ({ type: 'string' }),
);
export const integer = simple('a whole number', isInteger, { type: 'integer' });
export const flag = simple('true or false', (value) => typeof value === 'boolean', { type: 'boolean' });
export const anything: Shape = shapeOf(
  () => true,
  () => undefined,
  () => ({}),
);

export function nullable(shape: Shape): Shape {
  const accepts = acceptsOf(shape);
  return shapeOf(
    (value) => value === null || accepts(value),
    (value, path, tell) => {
      if (value !== null) shape(value, path, tell);
    },
    () => {
      const { description, ...schema } = drawSchema(shape);
      return {
        ...(description === undefined ? {} : { description }),
        anyOf: [schema, { type: 'null' }],
      };
    },
  );
}

export function oneOf(words: readonly string[]): Shape {
  const accepts: Accepts = (value) => typeof value === 'string' && words.includes(value);
  const check: Shape = (value, path, tell) => {
    if (accepts(value)) return;
    const hint = typeof value === 'string' ? didYouMean(value, words) : undefined;
    const message = `${nameOf(path)} must be one of ${words.join(', ')}, not ${describe(value)}`;
    tell({ message, path, ...(hint?.startsWith('did') ? { hint } : {}) });
  };
  return shapeOf(accepts, check, () => ({ enum: words }));
}

/** The shape for which `isFirst` says yes, else the other. */
export function either(isFirst: (value: unknown) => boolean, first: Shape, other: Shape): Shape {
  const [acceptsFirst, acceptsOther] = [acceptsOf(first), acceptsOf(other)];
  return shapeOf(
    (value) => (isFirst(value) ? acceptsFirst(value) : acceptsOther(value)),
    (value, path, tell) => (isFirst(value) ? first : other)(value, path, tell),
    () => ({ anyOf: [drawSchema(first), drawSchema(other)] }),
  );
}

export function listOf(member: Shape): Shape {
  const accepts = acceptsOf(member);
  return shapeOf(
    (value) => {
      if (!Array.isArray(value)) return false;
      for (const item of value) if (!accepts(item)) return false;
      return true;
    },
    (value, path, tell) => {
      if (!Array.isArray(value)) {
        const hint = typeof value === 'string' ? { hint: `a list of one is written [${value}]` } : {};
        tell({ message: `${nameOf(path)} must be a list, not ${describe(value)}`, path, ...hint });
        return;
      }
      for (const [index, item] of value.entries()) member(item, [...path, index], tell);
    },
    () => ({ type: 'array', items: drawSchema(member) }),
  );
}

/** A mapping of any keys to values of one shape. */
export function mapOf(member: Shape, atLeast = 0): Shape {
  const accepts = acceptsOf(member);
  return shapeOf(
    (value) => {
      if (!isMapping(value)) return false;
      let count = 0;
      for (const key in value) {
        if (!accepts(value[key])) return false;
        count++;
      }
      return count >= atLeast;
    },
    (value, path, tell) => {
      if (!isMapping(value)) {
        tell({ message: `${nameOf(path)} must be a mapping, not ${describe(value)}`, path });
        return;
      }
      const entries = Object.entries(value);
      if (entries.length < atLeast) {
        const needed = atLeast === 1 ? 'one entry' : `${atLeast} entries`;
        tell({ message: `${nameOf(path)} needs at least ${needed}`, path });
      }
      for (const [key, item] of entries) member(item, [...path, key], tell);
    },
    () => ({
      type: 'object',
      additionalProperties: drawSchema(member),
      ...(atLeast > 0 ? { minProperties: atLeast } : {}),
    }),
  );
}

export interface Keys {
  readonly required?: Readonly<Record<string, Shape>>;
  readonly optional?: Readonly<Record<string, Shape>>;
  /** default: a key that is not named here is a mistake */
  readonly unknown?: 'allowed';
}

export function keys({ required = {}, optional = {}, unknown }: Keys): Shape {
  const known = new Map(Object.entries({ ...required, ...optional }));
  const requiredKeys = Object.keys(required);
  const acceptsKey = new Map([...known].map(([key, shape]) => [key, acceptsOf(shape)]));

  const accepts = (value: unknown): boolean => {
    if (!isMapping(value)) return false;
    for (const key in value) {
      const acceptsMember = acceptsKey.get(key);
      if (acceptsMember === undefined ? unknown !== 'allowed' : !acceptsMember(value[key])) return false;
    }
    for (const key of requiredKeys) if (!Object.hasOwn(value, key)) return false;
    return true;
  };

  const check: Shape = (value, path, tell) => {
    if (accepts(value)) return;
    if (!isMapping(value)) {
      tell({ message: `${nameOf(path)} must be a mapping, not ${describe(value)}`, path });
      return;
    }
    const strangers: string[] = [];
    for (const key of Object.keys(value)) {
      const shape = known.get(key);
      if (shape === undefined) strangers.push(key);
      else if (!isAccepted(shape, value[key])) shape(value[key], [...path, key], tell);
    }
    const missing = requiredKeys.filter((key) => !Object.hasOwn(value, key));
    const mistyped = tellMissing(missing, strangers, path, tell);
    if (unknown === 'allowed') return;
    for (const key of strangers) {
      if (mistyped.has(key)) continue;
      const hint = didYouMean(key, known.keys());
      const where = path.length === 0 ? '' : ` in ${nameOf(path)}`;
      const message = `unknown key "${key}"${where}`;
      tell({ message, path: [...path, key], ...(hint === undefined ? {} : { hint }) });
    }
  };
  const draw = (): JsonSchema => ({
    type: 'object',
    properties: Object.fromEntries([...known].map(([key, shape]) => [key, drawSchema(shape)])),
    ...(requiredKeys.length > 0 ? { required: requiredKeys } : {}),
    ...(unknown === 'allowed' ? {} : { additionalProperties: false }),
  });
  return shapeOf(accepts, check, draw);
}

/** Gives back the unknown keys that are most likely meant to be missing ones. */
function tellMissing(
  missing: readonly string[],
  strangers: readonly string[],
  path: DataPath,
  tell: Tell,
): Set<string> {
  const mistyped = new Set<string>();
  for (const key of missing) {
    const message =
      path.length === 0 ? `the key "${key}" is missing` : `${nameOf(path)} needs the key "${key}"`;
    const near = nearest(key, strangers);
    if (near === undefined) {
      tell({ message, path });
      continue;
    }
    mistyped.add(near);
    tell({ message, path: [...path, near], hint: `is "${near}" meant to be it?` });
  }
  return mistyped;
}

/** A value, or `by-<name>` mappings of such values, nested as you like. */
export function keyedBy(names: readonly string[], shape: Shape): Shape {
  const keyOf = (value: unknown): string | undefined => {
    const key = onlyKey(value);
    return key !== undefined && names.some((name) => key === `by-${name}`) ? key : undefined;
  };
  const check: Shape = shapeOf(
    (value) => keyOf(value) === undefined && isAccepted(shape, value),
    (value, path, tell) => {
      const key = keyOf(value);
      const other = onlyKey(value);
      if (key === undefined && other?.startsWith('by-') === true) {
        const message = `${nameOf(path)} cannot be ${other}`;
        tell({
          message,
          path: [...path, other],
          hint: `known: ${names.map((name) => `by-${name}`).join(', ')}`,
        });
      } else if (key === undefined) shape(value, path, tell);
      else mapOf(check)((value as Record<string, unknown>)[key], [...path, key], tell);
    },
    () => drawKeyedBy(names, drawSchema(shape)),
  );
  return check;
}

/** Values of `by-*` mappings within `by-*` mappings are not drawn. */
function drawKeyedBy(names: readonly string[], { description, ...schema }: JsonSchema): JsonSchema {
  const choice = { anyOf: [schema, { type: 'object', minProperties: 1, maxProperties: 1 }] };
  const choices = { type: 'object', additionalProperties: choice, minProperties: 1 };
  const keyed = {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [`by-${name}`, choices])),
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
  };
  return { ...(description === undefined ? {} : { description }), anyOf: [schema, keyed] };
}

export function nameOf(path: DataPath): string {
  return path.length === 0 ? 'this' : `"${path.join('.')}"`;
}

export function describe(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (typeof value === 'string') return value.length > 40 ? 'a text' : `"${value}"`;
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  if (typeof value === 'boolean') return String(value);
  if (isMapping(value)) return 'a mapping';
  return pythonText(value);
}

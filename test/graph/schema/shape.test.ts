import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anything,
  either,
  flag,
  integer,
  keyedBy,
  keys,
  listOf,
  mapOf,
  nullable,
  oneOf,
  type Shape,
  type ShapeMistake,
  text,
} from '../../../src/graph/load/shape.ts';

function mistakesIn(shape: Shape, value: unknown): ShapeMistake[] {
  const told: ShapeMistake[] = [];
  shape(value, [], (mistake) => told.push(mistake));
  return told;
}

const person = keys({
  required: { name: text },
  optional: {
    age: integer,
    mood: oneOf(['good', 'bad']),
    friends: listOf(keys({ required: { name: text }, optional: { since: nullable(integer) } })),
    notes: mapOf(listOf(text)),
    home: keyedBy(['level'], text),
    open: keys({ optional: { door: flag }, unknown: 'allowed' }),
  },
});

describe('what is told', () => {
  test('nothing when all is right', () => {
    const right = {
      name: 'a',
      age: 3,
      mood: 'good',
      friends: [{ name: 'b', since: null }],
      notes: { x: ['y'] },
      home: { 'by-level': { '1': 'here', default: { 'by-level': { '2': 'there', default: 'x' } } } },
      open: { door: true, anything: 'else' },
    };
    expect(mistakesIn(person, right)).toEqual([]);
  });

  test('every mistake, each at its own place, also when places are looked at one after another', () => {
    const wrong = {
      name: 'a',
      friends: [{ name: 1 }, { name: 'b' }, { name: 'c', since: 'ever' }, 'd'],
      notes: { good: ['x'], bad: ['x', 2], worse: 'y' },
      home: { 'by-level': { '1': 'x', '2': 3 } },
      open: { door: 'ajar', other: 1 },
    };
    expect(mistakesIn(person, wrong).map(({ path }) => path)).toEqual([
      ['friends', 0, 'name'],
      ['friends', 2, 'since'],
      ['friends', 3],
      ['notes', 'bad', 1],
      ['notes', 'worse'],
      ['home', 'by-level', '2'],
      ['open', 'door'],
    ]);
  });

  test('what it is instead, in words', () => {
    expect(mistakesIn(person, { name: null })[0]?.message).toBe('"name" must be a text, not empty');
    expect(mistakesIn(person, { name: [] })[0]?.message).toBe('"name" must be a text, not a list');
    expect(mistakesIn(person, 'x')[0]?.message).toBe('this must be a mapping, not "x"');
  });

  test('a missing key and a stranger like it are one mistake', () => {
    expect(mistakesIn(person, { nmae: 'x' })).toEqual([
      { message: 'the key "name" is missing', path: ['nmae'], hint: 'is "nmae" meant to be it?' },
    ]);
  });

  test('strangers, with what was most likely meant', () => {
    expect(mistakesIn(person, { name: 'a', freinds: [] })).toEqual([
      { message: 'unknown key "freinds"', path: ['freinds'], hint: 'did you mean "friends"?' },
    ]);
    expect(mistakesIn(person, { name: 'a', mood: 'goood' })[0]?.hint).toBe('did you mean "good"?');
  });
});

const leaf = fc.constantFrom<Shape>(text, integer, flag, anything, oneOf(['a', 'b']), nullable(text));
const { shape: anyShape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3 },
    leaf,
    tie('shape').map(listOf),
    tie('shape').map((member) => mapOf(member)),
    tie('shape').map((member) => keyedBy(['level'], member)),
    fc
      .tuple(tie('shape'), tie('shape'), fc.boolean())
      .map(([a, b, open]) =>
        keys({ required: { a }, optional: { b }, ...(open ? { unknown: 'allowed' as const } : {}) }),
      ),
    fc.tuple(tie('shape'), tie('shape')).map(([a, b]) => either((value) => typeof value === 'string', a, b)),
  ),
}));
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>('a', 'b', 'c', 1, 1.5, true, null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'by-level'), tie('value'), { maxKeys: 3 }),
  ),
}));

test('what a quick look accepts has no mistakes', () => {
  fc.assert(
    fc.property(anyShape, anyValue, (shape, value) => {
      if (shape.accepts?.(value) === true) expect(mistakesIn(shape, value)).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test('every place that is told is there, or is the place of a key that is missing', () => {
  fc.assert(
    fc.property(anyShape, anyValue, (shape, value) => {
      for (const { path } of mistakesIn(shape, value)) {
        let at: unknown = value;
        for (const key of path) {
          expect(typeof at === 'object' && at !== null && Object.hasOwn(at, key)).toBe(true);
          at = (at as Record<string | number, unknown>)[key];
        }
      }
    }),
    { numRuns: 2000 },
  );
});

import { describe, expect, test } from 'vitest';
import { mergeTemplates } from '../../../src/graph/values/merge.ts';

describe('mergeTemplates', () => {
  test.each([
    ['mappings deeply', [{ a: { b: 1, c: 2 } }, { a: { c: 3, d: 4 } }], { a: { b: 1, c: 3, d: 4 } }],
    ['lists one after the other', [{ a: [1] }, { a: [2, 1] }], { a: [1, 2, 1] }],
    ['scalars: the last', [{ a: 1 }, { a: 2 }, { a: 'x' }], { a: 'x' }],
    [
      'another type replaces',
      [
        { a: [1], b: { c: 1 }, d: 1 },
        { a: 'x', b: [2], d: { e: 1 } },
      ],
      { a: 'x', b: [2], d: { e: 1 } },
    ],
    ['by-* replaces a mapping', [{ a: { b: 1 } }, { a: { 'by-x': { y: 1 } } }], { a: { 'by-x': { y: 1 } } }],
    [
      'by-* replaces by-*',
      [{ a: { 'by-x': { y: 1 } } }, { a: { 'by-x': { z: 2 } } }],
      { a: { 'by-x': { z: 2 } } },
    ],
    [
      'by-* below is merged into',
      [{ a: { 'by-x': { y: 1 } } }, { a: { b: 1, c: 2 } }],
      { a: { 'by-x': { y: 1 }, b: 1, c: 2 } },
    ],
    ['null replaces', [{ a: { b: 1 } }, { a: null }], { a: null }],
    ['nothing', [], {}],
  ])('%s', (_, mappings, expected) => {
    expect(mergeTemplates(...(mappings as Record<string, unknown>[]))).toEqual(expected);
  });

  test('shares nothing with its arguments', () => {
    const first = { a: { b: [1] } };
    const second = { a: { b: [{ c: 1 }], d: { e: [2] } } };
    const merged = mergeTemplates(first, second) as { a: { b: unknown[]; d: { e: unknown[] } } };
    (merged.a.b[1] as { c: number }).c = 9;
    merged.a.d.e.push(3);
    expect(first).toEqual({ a: { b: [1] } });
    expect(second).toEqual({ a: { b: [{ c: 1 }], d: { e: [2] } } });
  });

  test('a key named __proto__ is a key', () => {
    const merged = mergeTemplates(
      {},
      JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>,
    );
    expect(Object.keys(merged)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

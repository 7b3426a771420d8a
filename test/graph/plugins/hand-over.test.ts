import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Float, frozenCopy, handIn, takeBack } from '../../../src/graph/plugins/hand-over.ts';
import { PythonFloat } from '../../../src/graph/values/python-float.ts';

describe('what goes to plugins and comes back', () => {
  it('is the same JSON, and no part of it is shared', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy = takeBack(handIn(value));
        expect(copy).toEqual(value);
        if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value);
      }),
    );
  });

  it('keeps keys that JavaScript has a meaning for', () => {
    const value = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as Record<string, unknown>;
    const copy = takeBack(handIn(value)) as Record<string, unknown>;
    expect(Object.keys(copy)).toEqual(['__proto__', 'constructor']);
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"a":1},"constructor":2}');
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  it('gives numbers their spelling back only where they still are', () => {
    const floats: Float[] = [];
    const given = { a: [new PythonFloat(1)], b: new PythonFloat(2), c: new PythonFloat(3) };
    const seen = handIn(given, floats) as unknown as { a: number[]; b: number; c?: number };
    expect(seen).toEqual({ a: [1], b: 2, c: 3 });
    const back = takeBack({ a: seen.a, b: 5 }, floats) as Record<string, unknown>;
    expect(back['a']).toEqual([new PythonFloat(1)]);
    expect(back['b']).toBe(5);
    expect(back).not.toHaveProperty('c');
    expect(takeBack({ a: 'short' }, floats)).toEqual({ a: 'short' });
  });

  it('has dates of its own', () => {
    const date = new Date(0);
    const copy = handIn({ date });
    copy.date.setFullYear(2000);
    expect(date.getTime()).toBe(0);
  });

  it('is frozen to the ground where it is only looked at', () => {
    const copy = frozenCopy({ a: [{ b: 1 }] }) as { a: { b: number }[] };
    expect([copy, copy.a, copy.a[0]].every(Object.isFrozen)).toBe(true);
  });

  it('may hold the same part twice, but not itself; lists have no holes', () => {
    const part = { x: 1 };
    expect(takeBack([part, part])).toEqual([{ x: 1 }, { x: 1 }]);
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(() => takeBack(cycle)).toThrow('a part of itself');
    // oxlint-disable-next-line no-sparse-arrays
    expect(() => takeBack([1, , 2])).toThrow('undefined');
    class Own {
      readonly a = 1;
    }
    expect(() => takeBack({ a: new Own() })).toThrow('an instance of Own');
  });
});

import { describe, expect, it } from 'vitest';
import { chooseNames, matchesPattern } from '../../src/cli/cache-patterns.ts';
import { minFreeOf } from '../../src/cli/min-free.ts';
import { taskMemory } from '../../src/cli/task-memory.ts';
import { parseSince } from '../../src/cli/since.ts';
import type { Store } from '../../src/caches/store.ts';

const now = Date.parse('2026-03-01T12:00:00Z');

describe('what people write for a time', () => {
  it.each([
    ['90s', '2026-03-01T11:58:30Z'],
    ['30 min', '2026-03-01T11:30:00Z'],
    ['5m', '2026-03-01T11:55:00Z'],
    ['2h', '2026-03-01T10:00:00Z'],
    ['3 d', '2026-02-26T12:00:00Z'],
    ['1w', '2026-02-22T12:00:00Z'],
    ['2026-01-31', '2026-01-31T00:00:00Z'],
    ['2026-01-31T08:30:00Z', '2026-01-31T08:30:00Z'],
  ])('%s', (text, time) => {
    expect(parseSince(text, now)).toBe(Date.parse(time));
  });

  it.each(['', 'yesterday', '2 months', '2026', '2026-13-01', '-1h'])('refuses "%s"', (text) => {
    expect(() => parseSince(text, now)).toThrow(`--since ${text}: there is no such time`);
  });
});

describe('patterns for names of caches', () => {
  it('mean themselves but for * and ?, and the whole name', () => {
    expect(matchesPattern('a.b+(c)*', 'a.b+(c)-level-1')).toBe(true);
    expect(matchesPattern('a.b', 'axb')).toBe(false);
    expect(matchesPattern('a?c', 'abc')).toBe(true);
    expect(matchesPattern('b', 'abc')).toBe(false);
  });

  it('choose every name once, in the order of the names', () => {
    expect(chooseNames(['*c', 'a*', 'a-c'], ['b-c', 'a-c', 'a-d', 'b-d'])).toEqual(['b-c', 'a-c', 'a-d']);
    expect(() => chooseNames(['a-x'], ['a-c'])).toThrow('there is no cache "a-x"');
  });
});

describe('how much of the disk is kept free', () => {
  const of = (bytes: number, options = {}) =>
    minFreeOf({ totalSpace: () => ({ bytes, inodes: 1000 }) } as unknown as Store, options);

  it('is 10 GB, on a small disk a tenth, if nothing is said', () => {
    expect(of(500e9).bytes).toBe(10e9);
    expect(of(20e9)).toEqual({ bytes: 2e9, inodes: 100 });
  });

  it('is a size, a part of the disk, or nothing', () => {
    expect(of(500e9, { minFree: '1.5 GB', minFreeFiles: '20' })).toEqual({ bytes: 1.5e9, inodes: 20 });
    expect(of(500e9, { minFree: '5%', minFreeFiles: '5%' })).toEqual({ bytes: 25e9, inodes: 50 });
    expect(of(500e9, { minFree: '0', minFreeFiles: '0' })).toEqual({ bytes: 0, inodes: 0 });
  });
});

describe('how much memory a task may use', () => {
  it('is nine tenths of what is there if nothing is said', () => {
    expect(taskMemory('')).toBe(Math.floor((taskMemory('100%') ?? 0) * 0.9));
  });

  it('is a size, a part of what is there, or not limited', () => {
    expect(taskMemory('4GB')).toBe(4e9);
    expect((taskMemory('50%') ?? 0) * 2).toBeCloseTo(taskMemory('100%') ?? 0, -1);
    expect(taskMemory('0')).toBeNull();
    expect(() => taskMemory('much')).toThrow('CAISSON_TASK_MEMORY is "much"');
  });
});

import { describe, expect, test } from 'vitest';
import {
  evaluateKeyedBy,
  KeyedByError,
  keymatch,
  resolveKeyedBy,
} from '../../../src/graph/values/keyed-by.ts';

const byOs = { 'by-os': { linux: 'exact', 'win.*': 'regex', 'mac|bsd': 'either', default: 'rest' } };

describe('evaluateKeyedBy', () => {
  test.each([
    ['a value that is not keyed', 7, {}, 7],
    ['a mapping with two keys', { 'by-os': {}, other: 1 }, {}, { 'by-os': {}, other: 1 }],
    ['an equal key', byOs, { os: 'linux' }, 'exact'],
    ['a regular expression', byOs, { os: 'windows' }, 'regex'],
    ['an alternation, whose last part alone is anchored', byOs, { os: 'macos' }, 'either'],
    ['default', byOs, { os: 'haiku' }, 'rest'],
    ['no attribute', byOs, {}, 'rest'],
    ['an attribute that is null', byOs, { os: null }, 'rest'],
    ['an inherited property, which is no attribute', { 'by-toString': { a: 1, default: 2 } }, {}, 2],
    ['a boolean', { 'by-nightly': { true: 'yes', default: 'no' } }, { nightly: true }, 'yes'],
    ['a number', { 'by-level': { 3: 'high', default: 'low' } }, { level: 3 }, 'high'],
    ['an equal key before regular expressions', { 'by-x': { 'a.*': 1, ab: 2 } }, { x: 'ab' }, 2],
    ['null as an answer', { 'by-x': { a: null, default: 1 } }, { x: 'a' }, null],
    [
      'nested mappings',
      { 'by-os': { linux: { 'by-level': { '3': 'deep', default: 'shallow' } }, default: 'no' } },
      { os: 'linux', level: '3' },
      'deep',
    ],
  ])('%s', (_, value, attributes, expected) => {
    expect(evaluateKeyedBy(value, 'thing', attributes)).toEqual(expected);
  });

  test.each([
    [
      'nothing matches',
      { 'by-os': { linux: 1, mac: 2 } },
      { os: 'win' },
      /no alternative of by-os matches 'win'/,
    ],
    ['no attribute, no default', { 'by-os': { linux: 1, mac: 2 } }, {}, /no attribute "os"/],
    ['only a default', { 'by-os': { default: 1 } }, { os: 'x' }, /only alternative/],
    ['several matches', { 'by-os': { 'a.*': 1, '.*b': 2 } }, { os: 'ab' }, /several alternatives/],
    ['alternatives that are no mapping', { 'by-os': 3 }, { os: 'x' }, /needs a mapping/],
    [
      'a key that is no regular expression',
      { 'by-os': { '(a': 1, b: 2 } },
      { os: 'x' },
      /not a regular expression/,
    ],
  ])('refuses: %s', (_, value, attributes, message) => {
    const evaluate = () => evaluateKeyedBy(value, 'thing', attributes);
    expect(evaluate).toThrow(KeyedByError);
    expect(evaluate).toThrow(message);
    expect(evaluate).toThrow(/in thing$/);
  });

  test('several matches may be allowed, the first counts', () => {
    const value = { 'by-os': { 'a.*': 1, '.*b': 2 } };
    expect(evaluateKeyedBy(value, 'thing', { os: 'ab' }, { enforceSingleMatch: false })).toBe(1);
  });

  test('a deferred name is left for later, below others too', () => {
    const later = { 'by-moon': { full: 1, default: 2 } };
    expect(
      evaluateKeyedBy(
        { 'by-os': { linux: later, default: 0 } },
        'x',
        { os: 'linux', moon: 'full' },
        { defer: ['moon'] },
      ),
    ).toBe(later);
  });
});

describe('resolveKeyedBy', () => {
  test('follows dotted paths and lists, and leaves absent fields alone', () => {
    const draft = {
      name: 'build',
      os: 'linux',
      worker: { docker: byOs },
      list: [{ a: byOs }, { b: 1 }, 'text'],
    };
    for (const field of ['worker.docker', 'list[].a', 'no.such', 'name.x', 'list.a', 'os[].x']) {
      resolveKeyedBy(draft, field, 'build');
    }
    expect(draft).toEqual({
      name: 'build',
      os: 'linux',
      worker: { docker: 'exact' },
      list: [{ a: 'exact' }, { b: 1 }, 'text'],
    });
  });

  test('the context comes before the draft', () => {
    const draft = { os: 'linux', value: byOs };
    resolveKeyedBy(draft, 'value', 'x', { os: 'haiku' });
    expect(draft.value).toBe('rest');
  });

  test('names the field and the task in errors', () => {
    expect(() => resolveKeyedBy({ v: { 'by-os': { a: 1 } } }, 'v', 'my-task')).toThrow('`v` in `my-task`');
  });
});

test('keymatch gives all matches', () => {
  expect(keymatch({ 'a.*': 1, '.*b': 2, default: 3 }, 'ab')).toEqual([1, 2]);
  expect(keymatch({ a: 1 }, 'b')).toEqual([]);
  expect(keymatch({ a: 1 }, 'a\n')).toEqual([1]);
});

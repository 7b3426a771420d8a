import { describe, expect, test } from 'vitest';
import { pythonMatch, PythonRegexError } from '../../../src/graph/values/python-regex.ts';

describe('pythonMatch', () => {
  test.each<[string, string, string | null]>([
    ['a', 'ab', 'a'],
    ['b', 'ab', null],
    ['a$', 'a\n', 'a'],
    ['a$', 'a\nb', null],
    ['(?m)a$', 'a\nb', 'a'],
    ['a|b$', 'ac', 'a'],
    ['a|b$', 'bc', null],
    ['a\\Z', 'a\n', null],
    ['\\Aa', 'a', 'a'],
    ['(?P<x>a)(?P=x)', 'aa', 'aa'],
    ['(?i)ABC', 'abc', 'abc'],
    ['.', '\r', '\r'],
    ['.', '\n', null],
    ['(?s).', '\n', '\n'],
    ['(?x) a b # comment', 'ab', 'ab'],
    ['\\w+', 'éa_1-', 'éa_1'],
    ['(?a)\\w+', 'éa', null],
    ['[\\W]', '-', '-'],
    ['[]a]+', 'a]b', 'a]'],
    ['[a-]+', 'a-b', 'a-'],
    ['[a&&b]+', 'a&&b', 'a&&b'],
    ['a{x}', 'a{x}', 'a{x}'],
    ['a{,2}', 'aaa', 'aa'],
    ['\\-\\_\\/', '-_/', '-_/'],
    ['\\x41\\u00e9', 'Aé', 'Aé'],
    ['😀', '😀', '😀'],
    ['[😀-😂]', '😁', '😁'],
    ['(?#comment)a', 'a', 'a'],
    ['(?=a)a(?!b)', 'ac', 'a'],
    ['\\bfoo\\b', 'foo bar', 'foo'],
    ['$', '', ''],
  ])('%s on %j', (pattern, text, expected) => {
    expect(pythonMatch(pattern, text)?.[0] ?? null).toBe(expected);
  });

  test.each(['(', 'a)', '[a', '*', '\\q', 'a**', '(?>a)', 'a++', 'a(?i)b', '[z-a]', '(?i:a)', '\\'])(
    'refuses %s',
    (pattern) => {
      expect(() => pythonMatch(pattern, 'a')).toThrow(PythonRegexError);
      expect(() => pythonMatch(pattern, 'a')).toThrow(`"${pattern}" is not a regular expression`);
    },
  );

  test('gives named groups, and the same answer every time', () => {
    for (let i = 0; i < 3; i++) expect(pythonMatch('(?P<n>\\d+)', '12x')?.groups?.n).toBe('12');
  });
});

import { expect, test } from 'vitest';
import { pathMatches } from '../../../src/graph/values/path-match.ts';

test.each([
  ['foo', '', true],
  ['foo', '*', true],
  ['foo', 'fo*o', true],
  ['foo', 'bar', false],
  ['foo/bar', 'foo', true],
  ['foobar', 'foo', false],
  ['foo/bar', 'foo/*', true],
  ['foo/bar', 'foo/*/bar', false],
  ['foo/bar', '*/bar', true],
  ['foo/bar', 'foo/**', true],
  ['foo', 'foo/**', true],
  ['foo/bar', 'foo/**/bar', true],
  ['foo/a/b/bar', 'foo/**/bar', true],
  ['foo/bar', '**/bar', true],
  ['bar', '**/bar', true],
  ['foo/bar', '**', true],
  ['foo/a/bar', 'foo/*/bar', true],
  ['foo/bar/baz', '**/bar', true],
  ['foo.py', '*.py', true],
  ['fooxpy', '*.py', false],
  ['a+b', 'a+b', true],
  ['foo/.hidden', 'foo/*', true],
  ['src/x/[id].ts', 'src/**/[id].ts', true],
  ['foo**bar', 'foo**bar', true],
])('%s %s: %s', (path, pattern, expected) => expect(pathMatches(path, pattern)).toBe(expected));

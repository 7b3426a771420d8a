import { expect, test } from 'vitest';
import {
  attributesMatch,
  matchRunOnGitBranches,
  matchRunOnProjects,
} from '../../../src/graph/values/attributes.ts';

test.each([
  [{ a: 1, b: 'x' }, {}, true],
  [{ a: 1, b: 'x' }, { a: 1 }, true],
  [{ a: 1, b: 'x' }, { a: 1, b: 'y' }, false],
  [{ a: 1 }, { a: [1, 2] }, true],
  [{ a: 3 }, { a: [1, 2] }, false],
  [{ a: { b: [1] } }, { a: { b: [1] } }, true],
  [{}, { a: null }, false],
  [{}, { toString: 1 }, false],
])('attributesMatch(%j, %j): %s', (attributes, conditions, expected) => {
  expect(attributesMatch(attributes, conditions)).toBe(expected);
});

test('run-on', () => {
  expect(matchRunOnProjects('x', ['all'])).toBe(true);
  expect(matchRunOnProjects('x', ['y'])).toBe(false);
  expect(matchRunOnGitBranches('release-1', ['main', 'release-\\d'])).toBe(true);
  expect(matchRunOnGitBranches('maintenance', ['main'])).toBe(true);
  expect(matchRunOnGitBranches('x/main', ['main'])).toBe(false);
  expect(matchRunOnGitBranches('x', [])).toBe(false);
});

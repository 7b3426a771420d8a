import { expect, test } from 'vitest';
import { drawFailure } from '../../src/cli/output/failure.ts';

test('of many mistakes the first hundred are told, and how many there are', () => {
  const mistake = (index: number) => ({ severity: 'error' as const, message: `mistake ${index}` });
  const drawn = (count: number) =>
    drawFailure({
      kind: 'configuration',
      message: `${count} mistakes`,
      diagnostics: Array.from({ length: count }, (_, index) => mistake(index)),
    })
      .trim()
      .split('\n');
  expect(drawn(100).slice(-2)).toEqual(['error: mistake 99', 'caisson: 100 mistakes']);
  expect(drawn(2000).slice(-3)).toEqual([
    'error: mistake 99',
    '… and 1900 more; caisson graph check --json has all of them',
    'caisson: 2000 mistakes',
  ]);
});

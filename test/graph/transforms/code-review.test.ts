import { expect, test } from 'vitest';
import { codeReview } from '../../../src/graph/transforms/code-review.ts';
import { byLabel, graphTask, transformed } from './transform-context.ts';

test('depends softly on what is marked', () => {
  const kindDependenciesTasks = byLabel(
    graphTask('lint', 'a', { 'code-review': true }),
    graphTask('lint', 'b', { 'code-review': 'yes' }),
    graphTask('lint', 'c'),
  );
  const drafts = [{ name: 'x', 'soft-dependencies': ['mine'] }, { name: 'y' }];
  expect(transformed(codeReview, drafts, { kindDependenciesTasks }).drafts).toEqual([
    { name: 'x', 'soft-dependencies': ['mine', 'lint-a'] },
    { name: 'y', 'soft-dependencies': ['lint-a'] },
  ]);
});

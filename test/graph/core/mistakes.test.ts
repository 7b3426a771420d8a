import { expect, test } from 'vitest';
import { FailureError } from '../../../src/base/failure.ts';
import { Mistakes } from '../../../src/graph/mistakes.ts';

const place = { file: 'kind.yml', line: 3, column: 1, text: 'deadline-after: 3 fortnights' };
const diagnostic = { message: 'no unit of time', place };

test('the same mistake in many tasks is told once, with their number', () => {
  const mistakes = new Mistakes({ strict: false });
  for (const about of ['task a', 'task a', 'task b', 'task c'])
    mistakes.add({ severity: 'warning', ...diagnostic, about });
  expect(mistakes.warnings).toMatchObject([{ severity: 'warning', about: 'task a, and 2 more' }]);
});

test('a warning that is found to be an error later is an error', () => {
  const mistakes = new Mistakes({ strict: false });
  mistakes.add({ severity: 'warning', ...diagnostic });
  expect(() => mistakes.check()).not.toThrow();
  mistakes.add({ severity: 'error', ...diagnostic });
  expect(() => mistakes.check()).toThrow(FailureError);
});

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

test('of many mistakes the first hundred are told, and only for those it is looked up what was meant', () => {
  const mistakes = new Mistakes({ strict: false });
  let asked = 0;
  for (let line = 2000; line >= 1; line--) {
    const hint = () => `hint ${++asked}`;
    mistakes.add({
      severity: 'error',
      message: 'no task',
      place: { file: 'kind.yml', line, column: 1 },
      hint,
    });
  }
  const { failure } = caught(() => mistakes.check());
  expect(failure).toMatchObject({ message: '2000 mistakes in the configuration', untold: 1900 });
  expect(failure.diagnostics).toHaveLength(100);
  expect(failure.diagnostics!.at(-1)).toMatchObject({ hint: 'hint 100', place: { line: 100 } });
  expect(asked).toBe(100);
});

test('a warning that is found to be an error later is an error', () => {
  const mistakes = new Mistakes({ strict: false });
  mistakes.add({ severity: 'warning', ...diagnostic });
  expect(() => mistakes.check()).not.toThrow();
  mistakes.add({ severity: 'error', ...diagnostic });
  expect(() => mistakes.check()).toThrow(FailureError);
});

function caught(work: () => void): FailureError {
  try {
    work();
  } catch (error) {
    if (error instanceof FailureError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

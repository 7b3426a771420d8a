import { expect, test } from 'vitest';
import { drawFailure, tellThrown } from '../../src/cli/output/failure.ts';
import { QueueError } from '../../src/queue/queue.ts';

test('what is not told of many mistakes is counted', () => {
  const diagnostics = [{ severity: 'error', message: 'no task' }] as const;
  const failure = { kind: 'configuration', message: '2000 mistakes', diagnostics } as const;
  expect(drawFailure({ ...failure, untold: 0 })).toBe('error: no task\ncaisson: 2000 mistakes\n');
  expect(drawFailure({ ...failure, untold: 1999 })).toBe(
    'error: no task\n… and 1999 more; caisson graph check --json has all of them\ncaisson: 2000 mistakes\n',
  );
});

test('what a file says does nothing to a terminal', () => {
  const place = { file: 'kind.yml', line: 1, column: 3, text: '\t\u001b[31mx: \u0000' };
  const diagnostics = [{ severity: 'error', message: 'unknown key "\u009b31mx"', place }] as const;
  const drawn = drawFailure({ kind: 'configuration', message: 'one mistake', diagnostics });
  expect(drawn).toContain('unknown key "\uFFFD31mx"\n  1 | \t\uFFFD[31mx: \uFFFD\n');
});

test('a queue that cannot be used is no bug', () => {
  const said: string[] = [];
  const full = new QueueError('unavailable', 'the database cannot be used: the disk is full');
  expect(tellThrown(full, (text) => said.push(text))).toBe(69);
  expect(said).toEqual(['caisson: the database cannot be used: the disk is full\n']);
});

test('a disk that takes nothing is no bug, nor is what cannot be put away on it', () => {
  const said: string[] = [];
  const disk = Object.assign(new Error('EROFS: read-only file system, unlink'), { code: 'EROFS' });
  const both = Object.assign(new Error('while disposing'), {
    name: 'SuppressedError',
    error: new Error('cannot put away'),
    suppressed: disk,
  });
  for (const thrown of [disk, both]) expect(tellThrown(thrown, (text) => said.push(text))).toBe(69);
  expect(new Set(said)).toEqual(
    new Set([
      'caisson: EROFS: read-only file system, unlink\n  hint: the disk is full, read-only or broken\n',
    ]),
  );
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The parts of the change that this project starts from; each has a test that bears its number in its title. */
const rows = Array.from({ length: 16 }, (_, i) => `S${i + 1}`);

/** Rows whose issue is still open, by the number of the issue. */
const toCome: Readonly<Record<string, number>> = {};

describe('rows S1 to S16', () => {
  const folder = import.meta.dirname;
  const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.test.ts'),
  );
  const text = tests.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');

  it.each(rows)('row %s has a test, or an issue that is open', (row) => {
    const tested = new RegExp(`(?:it|test|describe)[^\\n]*\\(\\s*['"\`]${row}: `).test(text);
    expect(tested || row in toCome, `no test bears ${row} in its title`).toBe(true);
    expect(tested && row in toCome, `${row} has a test: take it out of the list`).toBe(false);
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { drawDiagnostic } from '../../src/base/diagnostic.ts';
import { writeFileAtomic } from '../../src/base/files.ts';
import { canonicalJson, compareCodePoints } from '../../src/base/hash.ts';
import { isAlive, ownProcess } from '../../src/base/owner.ts';
import { isSlugid, slugid } from '../../src/base/slugid.ts';
import { didYouMean } from '../../src/base/suggest.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('canonical JSON', () => {
  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const shuffled = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(shuffled)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('refuses what JSON cannot say', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow('not a JSON number');
  });

  it('orders as bytes of UTF-8 do', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareCodePoints(a, b))).toBe(bytes);
      }),
    );
  });
});

describe('diagnostics', () => {
  it('shows place, line, squiggle and hint', () => {
    const place = { file: 'kind.yml', line: 3, column: 5, length: 4, text: '    naem: x' };
    expect(
      drawDiagnostic({
        severity: 'error',
        message: 'unknown key "naem"',
        place,
        hint: 'did you mean "name"?',
      }),
    ).toBe(
      [
        'kind.yml:3:5: error: unknown key "naem"',
        '  3 |     naem: x',
        '    |     ~~~~',
        '  hint: did you mean "name"?',
      ].join('\n'),
    );
  });

  it('suggests near words only', () => {
    expect(didYouMean('task-default', ['task-defaults', 'tasks'])).toBe('did you mean "task-defaults"?');
    expect(
      didYouMean(
        'zzz',
        Array.from({ length: 20 }, (_, i) => `word-${i}`),
      ),
    ).toBeUndefined();
  });
});

describe('slugids', () => {
  it('are what Taskcluster takes', () => {
    for (let i = 0; i < 1000; i++) expect(isSlugid(slugid())).toBe(true);
    expect(isSlugid('not-a-slugid')).toBe(false);
  });
});

describe('atomic files', () => {
  it('replace the old content and leave nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'caisson-base-'));
    folders.push(folder);
    writeFileAtomic(join(folder, 'a'), 'one');
    writeFileAtomic(join(folder, 'a'), 'two');
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe('owners', () => {
  it('tell a live process from a dead one with the same number', () => {
    expect(isAlive(ownProcess())).toBe(true);
    expect(isAlive(`${process.pid}.1`)).toBe(false);
    expect(isAlive('not a process')).toBe(false);
  });
});

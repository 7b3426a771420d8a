import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../../src/base/hash.ts';
import { TrackedFiles } from '../../../src/graph/values/tracked-files.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'caisson-tracked-'));
  execFileSync('git', ['init', '-q', top]);
  mkdirSync(join(top, 'src'));
  writeFileSync(join(top, 'src/b.ts'), 'b');
  writeFileSync(join(top, 'src/a.ts'), 'a');
  writeFileSync(join(top, 'lock.json'), '{}');
  symlinkSync('lock.json', join(top, 'link'));
  symlinkSync('src', join(top, 'folder'));
  symlinkSync('/etc/hostname', join(top, 'out'));
  execFileSync('git', ['-C', top, 'add', '.']);
});
afterEach(() => rmSync(top, { recursive: true }));

const digest = (...patterns: string[]) => new TrackedFiles(top).digest(patterns);

test('a digest of names and contents, whatever the order of the patterns', () => {
  const expected = sha256(`${sha256('{}')} lock.json\n${sha256('a')} src/a.ts\n${sha256('b')} src/b.ts\n`);
  expect(digest('src', 'lock.json')).toBe(expected);
  expect(digest('lock.json', 'src/*.ts', '**/a.ts')).toBe(expected);
});

test('follows what is in the work tree, and only what git knows', () => {
  const before = digest('src');
  writeFileSync(join(top, 'src/untracked.ts'), 'x');
  expect(digest('src')).toBe(before);
  writeFileSync(join(top, 'src/a.ts'), 'changed');
  expect(digest('src')).not.toBe(before);
  rmSync(join(top, 'src/a.ts'));
  expect(digest('src')).toBe(sha256(`${sha256('b')} src/b.ts\n`));
});

test('links', () => {
  expect(digest('link')).toBe(sha256(`${sha256('{}')} link\n`));
  expect(digest('folder')).toBe(sha256(`${sha256('src')} folder\n`));
  expect(() => digest('out')).toThrow('leads out of the repository');
});

test('a pattern that matches nothing is a mistake', () => {
  expect(() => digest('nothing/**')).toThrow('no file matches "nothing/**"');
});

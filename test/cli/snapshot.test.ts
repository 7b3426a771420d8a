import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeSnapshot } from '../../src/cli/snapshot.ts';

let folder: string;
let top: string;
const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], {
    cwd: top,
    encoding: 'utf8',
  }).trim();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caisson-snapshot-'));
  top = join(folder, 'repository');
  mkdirSync(top);
  git('init', '--quiet', '--initial-branch', 'main');
  writeFileSync(join(top, '.gitignore'), 'ignored\n');
  writeFileSync(join(top, 'a'), 'committed\n');
  git('add', '--all');
  git('commit', '--quiet', '-m', 'first');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const take = (headOnly = false): ReturnType<typeof takeSnapshot> =>
  takeSnapshot(top, join(folder, 'home'), { headOnly });
const inMirror = (snapshot: { mirror: string }, ...args: string[]): string =>
  execFileSync('git', ['--git-dir', snapshot.mirror, ...args], { encoding: 'utf8' }).trim();

describe('the snapshot of a work tree', () => {
  it('is HEAD when nothing is changed', () => {
    const snapshot = take();
    expect(snapshot.revision).toBe(git('rev-parse', 'HEAD'));
    expect(snapshot.dirty).toBe(false);
    expect(inMirror(snapshot, 'show', 'main:a')).toBe('committed');
  });

  it('holds changed and new files, not ignored ones, and changes nothing in the repository', () => {
    writeFileSync(join(top, 'a'), 'changed\n');
    writeFileSync(join(top, 'b'), 'new\n');
    writeFileSync(join(top, 'ignored'), 'x\n');
    const before = git('status', '--porcelain');
    const snapshot = take();
    expect(snapshot.dirty).toBe(true);
    expect(inMirror(snapshot, 'ls-tree', '--name-only', 'main').split('\n')).toEqual([
      '.gitignore',
      'a',
      'b',
    ]);
    expect(inMirror(snapshot, 'show', 'main:a')).toBe('changed');
    expect(git('status', '--porcelain')).toBe(before);
    expect(() => git('cat-file', '-e', snapshot.revision)).toThrow('Command failed');
  });

  it('is the same revision while the files are the same', () => {
    writeFileSync(join(top, 'b'), 'new\n');
    expect(take().revision).toBe(take().revision);
    expect(take(true).revision).toBe(git('rev-parse', 'HEAD'));
  });
});

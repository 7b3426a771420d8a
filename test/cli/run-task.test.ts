import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/hash.ts';
import { root } from '../support/caisson.ts';

describe('caisson run-task', () => {
  const folder = mkdtempSync(join(tmpdir(), 'run-task-command-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const dist = join(folder, 'dist');
  const bundle = join(dist, 'run-task.mjs');
  mkdirSync(dist);
  for (const name of ['cli.mjs', 'cli.cjs', 'run-task.mjs', 'fetch-content.mjs'])
    cpSync(join(root, 'dist', name), join(dist, name));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const digest = sha256(readFileSync(bundle));
  const ask = (...args: string[]) =>
    spawnSync(process.execPath, [join(dist, 'cli.mjs'), 'run-task', ...args], { encoding: 'utf8' });
  const build = (platform: string, from: string): string => {
    const place = join(dist, 'executables', platform);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'built.json'), JSON.stringify({ digest: from }));
    return join(place, 'run-task');
  };

  it('--digest is the SHA-256 of the bundle; --platform any is its path', () => {
    expect(ask('--digest').stdout).toBe(`${digest}\n`);
    expect(ask('--path', '--platform', 'any').stdout).toBe(`${bundle}\n`);
  });

  it('--path is the executable for this machine once one is made from the present bundle', () => {
    const here = `linux-${process.arch}`;
    expect(ask('--path').stdout).toBe(`${bundle}\n`);
    const executable = build(here, digest);
    expect(ask('--path').stdout).toBe(`${executable}\n`);
    expect(ask('--path', '--platform', here).stdout).toBe(`${executable}\n`);
    build(here, 'f'.repeat(64));
    expect(ask('--path').stdout).toBe(`${bundle}\n`);
    expect(ask('--path', '--platform', here)).toMatchObject({ status: 69, stdout: '' });
    expect(ask('--path', '--platform', here).stderr).toMatch(/another run-task[^]*npm run build/);
  });

  it('says what is missing or wrong', () => {
    const other = process.arch === 'x64' ? 'linux-arm64' : 'linux-x64';
    expect(ask('--path', '--platform', other)).toMatchObject({ status: 69 });
    expect(ask('--path', '--platform', 'plan9').status).toBe(64);
    expect(ask('--platform', 'any').status).toBe(64);
    expect(ask().status).toBe(64);
  });
});

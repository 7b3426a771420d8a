import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/hash.ts';
import { buildBelow } from './wrapper.ts';

describe('the bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const bundle = readFileSync(buildBelow(join(folder, 'one')));

  it('is the same, byte for byte, wherever it is built', () => {
    const other = readFileSync(buildBelow(join(folder, 'a folder/with spaces/é')));
    expect(other.equals(bundle)).toBe(true);
  });

  it('is small and needs nothing but Node', () => {
    expect(bundle.length).toBeLessThan(300_000);
    const text = bundle.toString('utf8');
    const imported = [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, name]) => name ?? '');
    expect(imported.filter((name) => !name.startsWith('node:'))).toEqual([]);
  });

  it('has the digest that is recorded: a change renews every cache of every task (UPDATE with vitest -u)', async () => {
    await expect(`${sha256(bundle)}\n`).toMatchFileSnapshot('../golden/run-task.sha256');
  });
});

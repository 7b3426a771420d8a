import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackEnd } from '../../src/caches/store.ts';
import { hasOverlay, StoreRig } from './store-rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'caisson-store-process-'));
const program = join(folder, 'store-process.mjs');
beforeAll(async () => {
  const entryPoints = [join(import.meta.dirname, 'store-process.ts')];
  await build({
    entryPoints,
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const backEnds: readonly BackEnd[] = ['direct', 'overlay'];

describe.each(backEnds)('several processes on one store, %s (overlay: needs root)', (backEnd) => {
  it.skipIf(backEnd === 'overlay' && !hasOverlay)(
    'make one ledger that holds, and leave nothing',
    { timeout: 60_000 },
    async () => {
      await using rig = new StoreRig(backEnd);
      const outputs = await Promise.all([1, 2, 3, 4].map(() => run(program, rig.root, backEnd)));
      expect(outputs.join('').match(/committed/g)!.length).toBeGreaterThan(20);
      expect(outputs.join('')).not.toContain('damaged');
      const store = await rig.open();
      expect(await store.reconcile()).toEqual([]);
      expect(await store.verify()).toEqual([]);
      const kinds = [...store.entries()].map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === 'close').length).toBeGreaterThan(3);
      await store.drain();
      const { openLeases, layers } = await store.diagnose();
      expect(openLeases).toBe(0);
      expect(rig.onDisk).toHaveLength(layers);
    },
  );
});

function run(program: string, root: string, backEnd: BackEnd): Promise<string> {
  const child = spawn(process.execPath, [program, root, backEnd, '40'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => (code === 0 ? resolve(output) : reject(new Error(`exit ${code}`))));
  });
}

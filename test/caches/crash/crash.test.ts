import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackEnd } from '../../../src/caches/store.ts';
import { hasOverlay } from '../store-rig.ts';
import { type Cut, type Point, Trial } from './cuts.ts';

const hasStrace = spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;
/** Every call with CAISSON_CRASH_ALL=1; else one of each shape, of these a part by CAISSON_CRASH_SEED. */
const isThorough = process.env['CAISSON_CRASH_ALL'] === '1';
const seed = Number(process.env['CAISSON_CRASH_SEED'] ?? '1');
const backEnds: readonly BackEnd[] = ['direct', 'overlay'];
const limit = 3_600_000;

const folder = mkdtempSync(join(tmpdir(), 'caisson-crash-'));
const program = join(folder, 'scenario.mjs');
beforeAll(async () => {
  const entryPoints = [join(import.meta.dirname, 'scenario-process.ts')];
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasStrace || !hasOverlay).each(backEnds)(
  'a store that is cut off, %s (needs strace, root and overlayfs)',
  (backEnd) => {
    it('killed at a call of the system: what is left is complete, rolled back or cleaned', {
      timeout: limit,
    }, async () => {
      const trial = new Trial(folder, program, backEnd);
      const points = choose(trial.points(), 8);
      const cuts: Cut[] = [];
      for (const point of points) cuts.push(await trial.judge(trial.kill(point), false));
      process.stdout.write(`\n${backEnd}: killed at\n${table(cuts)}\n`);
      expect(cuts.filter(({ verdict }) => verdict === 'wrong')).toEqual([]);
    });

    it.each(['ENOSPC', 'EROFS'])(
      '%s: every step ends, at worst in a clear error, and nothing is stuck afterwards',
      async (code) => {
        const trial = new Trial(folder, program, backEnd);
        const points = choose(trial.points(), 3).filter(
          // What is merged is the task's mount, made by the test; and removing works on a full disk.
          ({ call, shape }) => !shape.includes('/merged-') && (call !== 'unlink' || code !== 'ENOSPC'),
        );
        const cuts: Cut[] = [];
        for (const [index, point] of points.entries())
          cuts.push(await trial.judge(trial.fail(point, code, index % 2 === 1), true));
        process.stdout.write(`\n${backEnd}: failed at\n${table(cuts)}\n`);
        expect(cuts.filter(({ verdict }) => verdict === 'wrong')).toEqual([]);
      },
      limit,
    );
  },
);

function choose(points: readonly Point[], most: number): Point[] {
  if (isThorough) return [...points];
  const shapes = [...new Map(points.map((point) => [point.shape, point])).values()];
  const stride = Math.max(1, Math.floor(shapes.length / most));
  return shapes.filter((_, index) => index % stride === seed % stride);
}

function table(cuts: readonly Cut[]): string {
  return cuts
    .map(({ point, verdict }) => `${verdict.padEnd(12)} ${point.call} ${point.nth}: ${point.shape}`)
    .join('\n');
}

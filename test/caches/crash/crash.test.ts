import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';

import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackEnd } from '../../../src/caches/store.ts';
import { memoryFolder } from '../small-disk.ts';
import { hasOverlay } from '../store-rig.ts';
import { Killer } from '../../support/crash/kill-at.ts';
import { type Cut, type Point, Trial } from './cuts.ts';

const hasTracers = ['strace', 'cc'].every(
  (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
);
/** Every call with CAISSON_CRASH_ALL=1; else one of each shape, of these a part by CAISSON_CRASH_SEED. */
const isThorough = process.env['CAISSON_CRASH_ALL'] === '1';
const seed = Number(process.env['CAISSON_CRASH_SEED'] ?? '1');
const backEnds: readonly BackEnd[] = ['direct', 'overlay'];
const limit = 3_600_000;

const folder = mkdtempSync(join(memoryFolder, 'caisson-crash-'));
const program = join(folder, 'scenario.mjs');
beforeAll(async () => {
  const entryPoints = [join(import.meta.dirname, 'scenario-process.ts')];
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasTracers || !hasOverlay).each(backEnds)(
  'a store that is cut off, %s (needs strace, cc, root and overlayfs)',
  (backEnd) => {
    it.each(['group', 'alone'] as const)(
      'SIGKILL at system calls that change the disk, to %s: what is left is complete, rolled back or cleaned',
      async (victims) => {
        const killer = new Killer(folder);
        const calls = await new Trial(folder, program, backEnd).kill(killer, 0, victims);
        if (typeof calls !== 'number') throw new Error('killed at call 0');
        const points = Array.from({ length: calls }, (_, index) => index + 1);
        const stride = isThorough ? 1 : Math.ceil(calls / 12);
        const chosen = points.filter((nth) => nth % stride === seed % stride);
        const cuts = await tryBeside(backEnd, chosen, async (trial, nth) => {
          const cut = await trial.kill(killer, nth, victims);
          // Threads may be quicker than the first time: then there are some calls less.
          return typeof cut === 'number' ? null : trial.judge(cut, false);
        });
        process.stdout.write(`\n${backEnd}, SIGKILL to ${victims}, of ${calls} calls\n${counted(cuts)}\n`);
        expect(cuts.filter(({ verdict }) => verdict === 'wrong')).toEqual([]);
        expect(cuts.length).toBeGreaterThan(8);
      },
      limit,
    );

    it.each(['ENOSPC', 'EROFS'])(
      '%s: every step ends, at worst in a clear error, and nothing is stuck afterwards',
      async (code) => {
        const all = await new Trial(folder, program, backEnd).points();
        const points = choose(all, 3).filter(
          // What is merged is the task's mount, made by the test; and removing works on a full disk.
          ({ call, shape }) => !shape.includes('/merged-') && (call !== 'unlink' || code !== 'ENOSPC'),
        );
        const cuts = await tryBeside(backEnd, [...points.entries()], async (trial, [index, point]) =>
          trial.judge(await trial.fail(point, code, index % 2 === 1), true),
        );
        process.stdout.write(`\n${backEnd}, ${code}, of ${all.length} calls\n${counted(cuts)}\n`);
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

/** Cuts off several stores at a time: most of it is waiting. */
async function tryBeside<T>(
  backEnd: BackEnd,
  points: readonly T[],
  cutOff: (trial: Trial, point: T) => Promise<Cut | null>,
): Promise<Cut[]> {
  const cuts: Cut[] = [];
  const left = points.values();
  const workers = Array.from({ length: 6 }, async () => {
    const trial = new Trial(folder, program, backEnd);
    for (const point of left) {
      const cut = await cutOff(trial, point);
      if (cut !== null) cuts.push(cut);
    }
  });
  await Promise.all(workers);
  return cuts;
}

/** One line for each call, and for all: how often it was cut off, and what became of it. */
function counted(cuts: readonly Cut[]): string {
  const verdicts = ['complete', 'rolled back', 'cleaned', 'wrong'] as const;
  const rowOf = (name: string, own: readonly Cut[]) => [
    name,
    own.length,
    ...verdicts.map((one) => own.filter(({ verdict }) => verdict === one).length),
  ];
  const rows = [...new Set(cuts.map(({ point }) => point.call))].sort().map((call) =>
    rowOf(
      call,
      cuts.filter(({ point }) => point.call === call),
    ),
  );
  const format = (row: readonly (string | number)[]): string =>
    row.map((cell, column) => String(cell).padEnd(column === 0 ? 32 : 12)).join('');
  return [['call', 'tried', ...verdicts], ...rows, rowOf('all', cuts)].map(format).join('\n');
}

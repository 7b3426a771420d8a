import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatReports, type Report } from '../../support/crash/every-cut.ts';
import { memoryFolder } from '../small-disk.ts';
import { hasOverlay } from '../store-rig.ts';
import { lives, nameOf, tryPowerLoss } from './power-loss.ts';
import { bundlePrograms, withoutFingerprint } from './programs.ts';

const hasStrace = spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;
/** More lives, and more of each, with CAISSON_CRASH_ALL=1; others by CAISSON_CRASH_SEED. */
const isThorough = process.env['CAISSON_CRASH_ALL'] === '1';
const seed = Number(process.env['CAISSON_CRASH_SEED'] ?? '1');

describe.skipIf(!hasStrace || !hasOverlay)(
  'a store that loses power (needs strace, root and overlayfs)',
  () => {
    const folder = mkdtempSync(join(memoryFolder, 'caisson-power-'));
    const reports: Report[] = [];
    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
      process.stdout.write(`\n${formatReports(reports)}\n\n`);
    });

    const chosen = lives.filter(
      ({ name }, index) => isThorough || name === 'usual' || index % 4 === seed % 4,
    );
    it.each(chosen.map((life) => [nameOf(life), life] as const))(
      '%s: nothing that was promised is lost, nothing is torn, stuck or left behind',
      async (_, life) => {
        const programs = await bundlePrograms(folder, withoutFingerprint);
        const share = isThorough
          ? { kills: 1, losses: { about: 400 }, seed }
          : { kills: 0.03, losses: 0.0001, seed };
        const report = await tryPowerLoss(folder, programs, life, share);
        reports.push(report);
        expect(report.wrong).toEqual([]);
        expect(report.tried).toBeGreaterThan(2);
      },
      36_000_000,
    );
  },
);

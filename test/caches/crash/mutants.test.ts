import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hasOverlay } from '../store-rig.ts';
import { findSites, notShown, seen } from './mutants.ts';
import { lives, tryPowerLoss } from './power-loss.ts';
import { bundlePrograms, withoutFingerprint } from './programs.ts';

const hasStrace = spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;
/** All that must be seen with CAISSON_CRASH_ALL=1; else one, by CAISSON_CRASH_SEED. */
const isThorough = process.env['CAISSON_CRASH_ALL'] === '1';
const seed = Number(process.env['CAISSON_CRASH_SEED'] ?? '1');

const folder = mkdtempSync(join(tmpdir(), 'caisson-mutants-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('every call of the store that syncs, renames, links or removes is known here, and no other', async () => {
  let text = '';
  await bundlePrograms(folder, (whole) => (text = whole));
  expect(
    findSites(text)
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...seen, ...notShown].sort());
});

describe.skipIf(!hasStrace || !hasOverlay)(
  'a store without one of its calls (needs strace, root and overlayfs)',
  () => {
    it.each(isThorough ? seen : [seen[seed % seen.length] ?? ''])(
      'is seen: %s',
      async (name) => {
        const leaveOut = (text: string): string => {
          const site = findSites(text).find((one) => one.name === name);
          if (site === undefined) throw new Error(`there is no ${name}`);
          return withoutFingerprint(site.leaveOut(text));
        };
        expect(await whatIsWrong(leaveOut)).not.toBe(null);
      },
      3_600_000,
    );
  },
);

/** What a replay finds, the first of it; also that the store does not get through its life at all. */
async function whatIsWrong(change: (text: string) => string): Promise<string | null> {
  try {
    const programs = await bundlePrograms(folder, change);
    for (const life of lives) {
      const share = { kills: 0.2, losses: 0.0015, seed: 3 };
      const { wrong } = await tryPowerLoss(folder, programs, life, share, true);
      if (wrong[0] !== undefined) return wrong[0];
    }
    return null;
  } catch (error) {
    // Of the store, not of the test.
    if (!String(error).includes('store.mjs:')) throw error;
    return String(error);
  }
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tryTrouble } from '../disk-trouble.ts';
import { diskKinds, memoryFolder, SmallDisk, type Trouble } from '../small-disk.ts';
import { hasOverlay } from '../store-rig.ts';
import { findSites, seen, type Site } from './mutants.ts';
import { cutsNear } from './near.ts';
import { judgeAll, lives, nameOf, recordLife } from './power-loss.ts';
import { bundlePrograms, withoutFingerprint } from './programs.ts';

const hasStrace = spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;
/** All with CAISSON_CRASH_ALL=1; else some, others every day or by CAISSON_CRASH_SEED. */
const isThorough = process.env['CAISSON_CRASH_ALL'] === '1';
const seed = Number(process.env['CAISSON_CRASH_SEED'] ?? Math.floor(Date.now() / 86_400_000));
const troubles: readonly Trouble[] = ['blocks', 'last inode'];
const stride = isThorough ? 1 : 9;
const chosen = Object.entries(seen).filter((_, index) => index % stride === seed % stride);

const folder = mkdtempSync(join(memoryFolder, 'caisson-mutants-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('every call of the store that syncs, renames, links or removes is known here, and no other', async () => {
  const names = (await allSites()).map(({ name }) => name);
  expect(names.sort()).toEqual(Object.keys(seen).sort());
});

describe.skipIf(!hasStrace || !hasOverlay)(
  'a store without one of its calls (needs strace, root and overlayfs)',
  () => {
    it.each(chosen)(
      'is seen: %s (%s)',
      async (name, where) => {
        const site = (await allSites()).find((one) => one.name === name);
        if (site === undefined) throw new Error(`there is no ${name}`);
        const without = await tryStore(site.leaveOut, where);
        process.stdout.write(`\n${name}\n  ${without.tried} states: ${without.wrong?.slice(0, 500)}\n`);
        expect(without.wrong).not.toBe(null);
        // The same states are right when the call is made.
        expect((await tryStore(site.mark, where, Math.max(1, without.tried))).wrong).toBe(null);
      },
      600_000,
    );
  },
);

async function allSites(): Promise<Site[]> {
  let text = '';
  await bundlePrograms(folder, (whole) => (text = whole));
  return findSites(text);
}

interface Found {
  readonly tried: number;
  readonly wrong: string | null;
}

/** What is wrong with a store, the first of it; also that it does not get through its life at all. */
async function tryStore(text: string, where: string, most = 1000): Promise<Found> {
  const programs = await bundlePrograms(folder, () => withoutFingerprint(text));
  const trouble = troubles.find((one) => one === where);
  if (trouble !== undefined) {
    using disk = new SmallDisk(diskKinds[0]!);
    const attempts = await tryTrouble(disk, trouble, 'overlay', programs.openStore);
    const wrong = attempts.find(({ problem }) => problem !== null);
    return { tried: attempts.length, wrong: wrong === undefined ? null : `${wrong.what}: ${wrong.problem}` };
  }
  const life = lives.find((one) => nameOf(one) === where);
  if (life === undefined) throw new Error(`no life: ${where}`);
  const place = mkdtempSync(join(folder, 'life-'));
  let tried = 0;
  let wrong: string | null = null;
  try {
    const recording = recordLife(place, programs, life);
    await judgeAll(place, programs, life, cutsNear(recording), ({ what }, { verdict, why }) => {
      if (verdict === 'wrong') wrong ??= `${what}: ${why}`;
      return ++tried < most && wrong === null;
    });
  } catch (error) {
    // Of the store, not of the test.
    if (!/store\.mjs:|not as it should be/.test(String(error))) throw error;
    wrong = String(error);
  }
  rmSync(place, { recursive: true, force: true });
  return { tried, wrong };
}

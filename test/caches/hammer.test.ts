import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackEnd } from '../../src/caches/store.ts';
import { hasOverlay, StoreRig } from './store-rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'caisson-hammer-'));
const program = join(folder, 'hammer-process.mjs');
beforeAll(async () => {
  const entryPoints = [join(import.meta.dirname, 'hammer-process.ts')];
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const backEnds: readonly BackEnd[] = ['direct', 'overlay'];
/** Processes that are killed, one after another, in each of two rows. */
const kills = Number(process.env['CAISSON_HAMMER_KILLS'] ?? '6');

describe.each(backEnds)(
  'two processes on one store, each killed again and again, %s (overlay: needs root)',
  (backEnd) => {
    it.skipIf(backEnd === 'overlay' && !hasOverlay)(
      'serve nothing torn, lose nothing that was acknowledged, leave nothing',
      { timeout: 600_000 },
      async () => {
        await using rig = new StoreRig(backEnd);
        const lines: string[] = [];
        const row = async (): Promise<void> => {
          for (let i = 0; i < kills; i++) lines.push(...(await runUntilKilled(rig.root, backEnd)));
        };
        await Promise.all([row(), row()]);
        expect(lines.filter((line) => line.startsWith('torn'))).toEqual([]);
        expect(lines.filter((line) => line.startsWith('committed')).length).toBeGreaterThan(kills);

        const store = await rig.open();
        await store.reconcile();
        await store.drain();
        expect(await store.verify()).toEqual([]);
        const { openLeases, layers } = await store.diagnose();
        expect(openLeases).toBe(0);
        expect(rig.onDisk).toHaveLength(layers);
        expect(readdirSync(rig.root).filter((name) => !/^(ledger(\.reserve)?|level-1)$/.test(name))).toEqual(
          [],
        );
        // An acknowledged generation is there, unless an entry says why it is not.
        const listed = (await store.list()).flatMap(({ instances }) => instances);
        const kept = new Map(listed.map(({ id, generations }) => [id, generations]));
        const committed = [...store.entries()].flatMap((entry) =>
          entry.kind === 'commit' ? [`${entry.instance} ${entry.generation}`] : [],
        );
        for (const line of lines) {
          const [, instance = '', number = ''] = /^committed (\S+) (\d+)$/.exec(line) ?? [];
          if (instance === '') continue;
          expect(committed).toContain(`${instance} ${number}`);
          expect(kept.get(instance) ?? Infinity).toBeGreaterThanOrEqual(Number(number));
        }
      },
    );
  },
);

/** Kills it some time after its first lines; answers what it said. */
function runUntilKilled(root: string, backEnd: BackEnd): Promise<string[]> {
  const child = spawn(process.execPath, [program, root, backEnd], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const enough = randomInt(1, 25);
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split('\n').length > enough) setTimeout(() => child.kill('SIGKILL'), randomInt(0, 15));
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) =>
      signal === 'SIGKILL' ? resolve(output.split('\n').slice(0, -1)) : reject(new Error(`exit ${code}`)),
    );
  });
}

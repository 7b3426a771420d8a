import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackEnd } from '../../../src/caches/store.ts';
import { isRoot } from '../../run-task/wrapper.ts';
import type { Outcome } from './histories.ts';
import { buildModel } from './seam.ts';

const count = Number(process.env['CAISSON_MODEL_HISTORIES'] ?? '200');
const seed = Number(process.env['CAISSON_MODEL_SEED'] ?? '1');
const only = process.env['CAISSON_MODEL_BACKEND'];
const backEnds = (['direct', 'overlay'] as const).filter((backEnd) => only === undefined || backEnd === only);
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const limit = 24 * 3600 * 1000;

const folder = mkdtempSync(join(tmpdir(), 'caisson-model-'));
const bundle = join(folder, 'histories.mjs');
beforeAll(() => buildModel(bundle));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(backEnds)('random histories of a store, %s (overlay: needs root)', (backEnd: BackEnd) => {
  it.skipIf(backEnd === 'overlay' && !isRoot)(
    'lose nothing, serve nothing torn or twice, get stuck nowhere, leave nothing',
    { timeout: limit },
    async () => {
      const { runHistories } = (await import(bundle)) as typeof import('./histories.ts');
      const outcome = await runHistories(backEnd, { seed, count, folder: memory });
      process.stdout.write(`\n${backEnd}: ${describeOutcome(outcome)}\n`);
      expect(outcome.failed.map((failed) => explain(backEnd, failed)).join('\n\n')).toBe('');
      expect(outcome.histories).toBe(count);
    },
  );
});

function describeOutcome({ histories, counts }: Outcome): string {
  const told = Object.entries(counts).map(([what, number]) => `${number} ${what}`);
  return `${histories} histories: ${told.join(', ')}`;
}

function explain(backEnd: BackEnd, { seed, why, log }: Outcome['failed'][number]): string {
  const command = `CAISSON_MODEL_BACKEND=${backEnd} CAISSON_MODEL_SEED=${seed} CAISSON_MODEL_HISTORIES=1 npx vitest run test/caches/model`;
  return [why, ...log.map((line) => `  ${line}`), `again: ${command}`].join('\n');
}

import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';

/** By hand: FUZZ_COUNT=100000 FUZZ_SEED=2 FUZZ_FINDINGS=findings.json npx vitest run test/fuzz */
const count = Number(process.env['FUZZ_COUNT'] ?? 300);
const seed = Number(process.env['FUZZ_SEED'] ?? 1);

test(
  `${count} mutated files end in a graph or in what is wrong, never in a crash`,
  async () => {
    const { findings, graphs, refusals, slowest } = await fuzz(seed, count);
    const file = process.env['FUZZ_FINDINGS'];
    if (file !== undefined)
      writeFileSync(file, JSON.stringify({ graphs, refusals, slowest, findings }, null, 2));
    expect(findings.map(({ repository, path, problem }) => `${repository}/${path}: ${problem}`)).toEqual([]);
    expect(graphs).toBeGreaterThan(0);
    expect(refusals).toBeGreaterThan(0);
  },
  30_000 + count * 1000,
);

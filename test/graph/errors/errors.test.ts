import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { mistakes as inFiles } from './in-files.ts';
import { mistakes as inGraphs } from './in-graphs.ts';
import { mistakes as inTasks } from './in-tasks.ts';
import { whatIsTold } from './mistaken.ts';

const golden = join(import.meta.dirname, '../../golden/errors');
const groups = { 'in-files': inFiles, 'in-graphs': inGraphs, 'in-tasks': inTasks };

function fileOf(name: string): string {
  return `${name.replaceAll(' ', '-')}.txt`;
}

describe('what is told of a mistake', () => {
  it('is nothing where there is none', async () => {
    expect(await whatIsTold({ name: 'none', changes: [], strict: true })).toBe('7 tasks\n');
  });

  for (const [group, mistakes] of Object.entries(groups)) {
    test.each(mistakes.map((mistake) => [mistake.name, mistake] as const))(
      `${group}: %s`,
      async (name, mistake) => {
        const told = await whatIsTold(mistake);
        expect(told).not.toMatch(/^\d+ tasks$/);
        await expect(told).toMatchFileSnapshot(join(golden, group, fileOf(name)));
      },
    );
  }

  it('is kept for no mistake that is not tried', () => {
    for (const [group, mistakes] of Object.entries(groups)) {
      const tried = mistakes.map(({ name }) => fileOf(name));
      expect(readdirSync(join(golden, group)).filter((file) => !tried.includes(file))).toEqual([]);
      expect(new Set(tried).size).toBe(tried.length);
    }
  });
});

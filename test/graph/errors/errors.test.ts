import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { repository, whatIsTold } from './mistaken.ts';
import { mistakes as inFiles } from './in-files.ts';

const groups = { 'in-files': inFiles };

describe('what is told of a mistake', () => {
  it('is nothing where there is none', async () => {
    expect(await whatIsTold({ name: 'none', changes: [], strict: true })).toBe('7 tasks\n');
    expect(Object.keys(repository)).toHaveLength(8);
  });

  for (const [group, mistakes] of Object.entries(groups)) {
    test.each(mistakes.map((mistake) => [mistake.name, mistake] as const))(
      `${group}: %s`,
      async (name, mistake) => {
        const path = join(
          import.meta.dirname,
          '../../golden/errors',
          group,
          `${name.replaceAll(' ', '-')}.txt`,
        );
        await expect(await whatIsTold(mistake)).toMatchFileSnapshot(path);
      },
    );
  }
});

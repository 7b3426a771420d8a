import { describe, expect, it } from 'vitest';
import { compareCaches } from '../../../src/cli/graph/cache-comparison.ts';
import type { CacheUse } from '../../../src/cli/graph/cache-uses.ts';
import { drawComparison } from '../../../src/cli/output/cache-comparison.ts';

function use(
  label: string,
  name: string,
  given: Partial<CacheUse> & { readonly image?: string } = {},
): CacheUse {
  const { image = 'a', ...rest } = given;
  const platform = { implementation: 'docker-worker', os: 'linux' };
  return {
    label,
    name,
    shortName: 'objects',
    mountPoint: '/objects',
    record: { protocol: 1, platform, image },
    builtImage: null,
    ...rest,
  };
}

describe('caches of two compilations', () => {
  it('are paired by task and mount point, and told once for all tasks', () => {
    const before = [use('one', 'old'), use('two', 'old'), use('three', 'same')];
    const after = [
      use('two', 'new', { image: 'b' }),
      use('one', 'new', { image: 'b' }),
      use('three', 'same'),
    ];
    expect(compareCaches(before, after)).toEqual({
      changed: [
        {
          shortName: 'objects',
          before: 'old',
          after: 'new',
          cold: true,
          changes: [{ ingredient: 'image', before: 'a', after: 'b' }],
          mountPoints: ['/objects'],
          tasks: ['one', 'two'],
        },
      ],
      added: [],
      gone: [],
      unchanged: 1,
    });
  });

  it('are paired by their short name where the mount point is another one', () => {
    const { changed, added, gone } = compareCaches(
      [use('one', 'old')],
      [use('one', 'new', { mountPoint: '/elsewhere' })],
    );
    expect(changed.map(({ before, after }) => [before, after])).toEqual([['old', 'new']]);
    expect([added, gone]).toEqual([[], []]);
  });

  it('are not cold where other tasks had the new one before', () => {
    const before = [use('one', 'old'), use('two', 'other')];
    const { changed, gone } = compareCaches(before, [use('one', 'other'), use('two', 'other')]);
    expect(changed.map(({ cold }) => cold)).toEqual([false]);
    expect(gone).toEqual([]);
  });

  it('come and go with their tasks, and a renamed task loses none', () => {
    const before = [use('one', 'kept'), use('two', 'gone')];
    const { changed, added, gone, unchanged } = compareCaches(before, [
      use('uno', 'kept'),
      use('three', 'more'),
    ]);
    expect(changed).toEqual([]);
    expect(added.map(({ name, tasks }) => [name, tasks])).toEqual([['more', ['three']]]);
    expect(gone.map(({ name, tasks }) => [name, tasks])).toEqual([['gone', ['two']]]);
    expect(unchanged).toBe(1);
  });

  it('differ when the image is built from something else, although the name is not known yet', () => {
    const { changed } = compareCaches(
      [use('one', 'x-<docker-image>', { builtImage: '1111' })],
      [use('one', 'x-<docker-image>', { builtImage: '2222' })],
    );
    expect(changed.map(({ cold, changes }) => [cold, changes])).toEqual([
      [true, [{ ingredient: 'built image', before: '1111', after: '2222' }]],
    ]);
  });

  it('are drawn for people', () => {
    const before = [use('one', 'old'), use('two', 'gone', { mountPoint: '/g' }), use('three', 'same')];
    const labels = Array.from({ length: 10 }, (_, i) => `t${i}`);
    const after = [
      use('one', 'new', { image: 'b' }),
      use('three', 'same'),
      ...labels.map((l) => use(l, 'more')),
    ];
    const text = drawComparison({
      before: { revision: '1'.repeat(40), name: 'HEAD~1' },
      after: { revision: '2'.repeat(40), name: '22222222' },
      ...compareCaches(before, after),
    });
    expect(text).toMatchInlineSnapshot(`
      "HEAD~1 (111111111111) → 222222222222

      1 cache would be cold:
        old → new
          image a → b
          1 task: one

      1 cache more, empty at first:
        more
          10 tasks: t0, t1, t2, t3, t4, t5, t6, t7, and 2 more

      1 cache not used any more:
        gone
          1 task: two

      1 cache keeps its name
      "
    `);
  });
});

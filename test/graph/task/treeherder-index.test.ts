import { describe, expect, test } from 'vitest';
import { dockerTask, made, mistakesIn } from './task-making.ts';

const rev = '1'.repeat(40);

describe('treeherder', () => {
  test('everything has a default', () => {
    const { definition } = made({ ...dockerTask, treeherder: true }, {}, { kind: 'build-some-things' });
    expect(definition['extra']).toMatchObject({
      'treeherder-platform': 'default/opt',
      treeherder: {
        machine: { platform: 'default' },
        collection: { opt: true },
        symbol: 'BST',
        jobKind: 'build',
        tier: 1,
      },
      index: { rank: 1700000000 },
    });
    expect(definition['routes']).toEqual([`tc-treeherder.v2.repo.${rev}.0`, 'checks']);
    expect(definition['metadata']).toMatchObject({
      description: `about a ([Treeherder push](https://treeherder.mozilla.org/#/jobs?repo=repo&revision=${rev}))`,
    });
  });

  test('what the author says counts', () => {
    const treeherder = { symbol: 'G(x)', kind: 'test', tier: 2, platform: 'linux/debug/more' };
    const { definition } = made({ ...dockerTask, treeherder });
    expect(definition['extra']).toMatchObject({
      treeherder: {
        machine: { platform: 'linux' },
        collection: { 'debug/more': true },
        groupSymbol: 'G',
        groupName: 'The group',
        symbol: 'x',
        jobKind: 'test',
        tier: 2,
      },
      index: { rank: 0 },
    });
  });

  test('pull requests are shown at the repository that they are made for', () => {
    const { definition } = made(
      { ...dockerTask, treeherder: true },
      {
        tasks_for: 'github-pull-request',
        base_repository: 'https://example.com/them/base.git',
        project: 'fork',
      },
    );
    expect(definition['routes']).toContain(`tc-treeherder.v2.base-pr.${rev}.0`);
    expect(definition['metadata']).toMatchObject({
      description: expect.stringContaining('repo=fork-pr&') as string,
    });
  });

  test.each([
    [{ symbol: 'H(x)' }, 'treeherder.symbol: the treeherder group "H" has no name'],
    [{ symbol: 'G(x' }, 'treeherder.symbol: "G(x" is no treeherder symbol'],
    [{ symbol: 'x'.repeat(26) }, 'treeherder.symbol: a treeherder symbol has at most 25 characters'],
    [{ platform: 'linux' }, 'treeherder.platform: the treeherder platform has to be "platform/collection"'],
    [{ tear: 1 }, 'treeherder.tear: unknown key "tear" in "treeherder"'],
  ])('mistakes: %j', (treeherder, message) => {
    expect(mistakesIn({ ...dockerTask, treeherder })).toEqual([message]);
  });
});

describe('the index', () => {
  test('routes by revision and date', () => {
    const { definition } = made({ ...dockerTask, index: { product: 'thing', 'job-name': 'job' } });
    expect(definition['routes']).toEqual([
      'index.domain.v2.repo.latest.thing.job',
      'index.domain.v2.repo.pushdate.2023.11.14.20231114221320.thing.job',
      'index.domain.v2.repo.pushlog-id.0.thing.job',
      `index.domain.v2.repo.revision.${rev}.thing.job`,
      'checks',
    ]);
  });

  test.each([
    ['build_date', 1700000000],
    ['by-tier', 0],
    [7, 7],
  ])('rank %s', (rank, expected) => {
    const { definition } = made({ ...dockerTask, index: { product: 'thing', 'job-name': 'job', rank } });
    expect(definition['extra']).toMatchObject({ index: { rank: expected } });
  });

  test.each([
    [{ product: 'thin', 'job-name': 'x' }, 'index.product: the index product "thin" is not known'],
    [{ product: 'thing' }, 'index: "index" needs the key "job-name"'],
    [{ product: 'thing', 'job-name': 'x', type: 'odd' }, 'index.type: unknown index type "odd"'],
  ])('mistakes: %j', (index, message) => {
    expect(mistakesIn({ ...dockerTask, index })).toEqual([message]);
  });
});

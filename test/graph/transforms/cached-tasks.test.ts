import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/base/hash.ts';
import { cachedTasks } from '../../../src/graph/transforms/cached-tasks.ts';
import { byLabel, graphTask, transformContext, transformed } from './transform-context.ts';

const params = transformContext().params;
const cache = { type: 'type.v1', name: 'me', 'digest-data': ['a', 'b'] };
const digest = sha256('a\nb');

describe('cachedTasks', () => {
  test('index paths, routes and the attribute', () => {
    const { drafts } = transformed(cachedTasks, [
      { label: 'kind-me', routes: ['own'], attributes: { x: 1 }, cache },
    ]);
    expect(drafts).toEqual([
      {
        label: 'kind-me',
        optimization: { 'index-search': [`domain.cache.level-3.type.v1.me.hash.${digest}`] },
        routes: [
          'own',
          `index.domain.cache.level-3.type.v1.me.hash.${digest}`,
          'index.domain.cache.level-3.type.v1.me.latest',
          'index.domain.cache.level-3.type.v1.me.pushdate.2023.11.14.20231114221320',
        ],
        attributes: { x: 1, cached_task: { type: 'type.v1', name: 'me', digest } },
      },
    ]);
  });

  test('a pull request searches all levels, and writes to paths of its own', () => {
    const ofPullRequest = { params: { ...params, level: '1', tasks_for: 'github-pull-request' } };
    const [draft] = transformed(cachedTasks, [{ label: 'kind-me', cache }], ofPullRequest).drafts;
    expect(draft!.optimization).toEqual({
      'index-search': [3, 2, 1]
        .map((level) => `domain.cache.level-${level}.type.v1.me.hash.${digest}`)
        .concat(`domain.cache.pr.type.v1.me.hash.${digest}`),
    });
    expect(draft!.routes).toEqual([`index.domain.cache.pr.type.v1.me.hash.${digest}`]);
  });

  test('parents come first, and their digests are part of the digest', () => {
    const drafts = [
      {
        label: 'kind-child',
        dependencies: { p: 'kind-parent', q: 'other-x' },
        worker: { 'chain-of-trust': true },
        cache,
      },
      { label: 'kind-parent', cache },
    ];
    const other = graphTask('other', 'x', { cached_task: { type: 'o', name: 'x', digest: 'd' } });
    const made = transformed(cachedTasks, drafts, { kindDependenciesTasks: byLabel(other) }).drafts;
    expect(made.map(({ label }) => label)).toEqual(['kind-parent', 'kind-child']);
    expect(made[1]!.attributes).toMatchObject({
      cached_task: { digest: sha256(`a\nb\no/x/d\ntype.v1/me/${digest}\nTrue`) },
    });
  });

  test('refuses a parent that is not cached, and circles', () => {
    const { drafts, mistakes } = transformed(cachedTasks, [
      { label: 'kind-plain' },
      { label: 'kind-me', dependencies: { p: 'kind-plain' }, cache },
      { label: 'kind-a', dependencies: { b: 'kind-b' } },
      { label: 'kind-b', dependencies: { a: 'kind-a' } },
    ]);
    expect(drafts.map(({ label }) => label)).toContain('kind-plain');
    expect(drafts.map(({ label }) => label)).not.toContain('kind-me');
    expect(mistakes).toEqual([
      'dependencies.a: the task depends on "kind-a", which depends on it',
      'dependencies.p: the task is cached, but depends on "kind-plain", which is not',
    ]);
  });
});

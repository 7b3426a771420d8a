import { describe, expect, it } from 'vitest';
import { checkActionScope } from '../../../src/graph/actions/action-scope.ts';
import { builtInActions } from '../../../src/graph/actions/built-in.ts';
import { cacheNames } from '../../../src/graph/actions/purge-caches.ts';
import { relativeTimes } from '../../../src/graph/actions/relative-times.ts';
import { renderActions } from '../../../src/graph/actions/render-actions.ts';
import type { GraphConfig } from '../../../src/graph/graph-config.ts';
import type { Parameters } from '../../../src/graph/parameters/parameters.ts';

const parameters = {
  base_repository: 'https://github.com/mozilla/base.git',
  head_repository: 'git@github.com:me/head',
  base_ref: 'main',
  base_rev: 'b',
  head_ref: 'topic',
  head_rev: 'h',
  level: '3',
  project: 'p',
  pushlog_id: '7',
  tasks_for: 'github-push',
} as Parameters;

describe('actions.json', () => {
  const render = (taskgraph: object = {}, changes: Partial<Parameters> = {}) =>
    renderActions({
      actions: builtInActions,
      parameters: { ...parameters, ...changes },
      graphConfig: { 'trust-domain': 'test', taskgraph } as unknown as GraphConfig,
      decisionTaskId: 'D',
      taskclusterYml: '0123456789abcdef',
    }) as { actions: Record<string, unknown>[] };

  it('has a hook for every action, in the order of menus', () => {
    const { actions } = render();
    expect(
      actions.map(({ name, extra }) => `${String(name)} ${(extra as { actionPerm: string }).actionPerm}`),
    ).toEqual([
      'retrigger retrigger-decision',
      'retrigger generic',
      'retrigger generic',
      'add-new-jobs generic',
      'rerun generic',
      'cancel generic',
      'cancel-all generic',
      'purge-caches generic',
      'rebuild-cached-tasks rebuild-cached-tasks',
      'retrigger-multiple generic',
    ]);
    expect(actions[5]).toEqual({
      name: 'cancel',
      title: 'Cancel Task',
      description: 'Cancel the given task',
      context: [{}],
      kind: 'hook',
      hookGroupId: 'project-test',
      hookId: 'in-tree-action-3-generic/0123456789',
      hookPayload: {
        decision: {
          action: {
            name: 'cancel',
            title: 'Cancel Task',
            description: 'Cancel the given task',
            taskGroupId: 'D',
            cb_name: 'cancel',
            symbol: 'cx',
          },
          repository: {
            url: 'git@github.com:me/head',
            project: 'p',
            level: '3',
            base_url: 'https://github.com/mozilla/base.git',
          },
          push: {
            owner: 'mozilla-taskcluster-maintenance@mozilla.com',
            pushlog_id: '7',
            revision: 'h',
            base_revision: 'b',
            branch: 'topic',
            base_branch: 'main',
          },
        },
        user: {
          input: { $eval: 'input' },
          taskId: { $eval: 'taskId' },
          taskGroupId: { $eval: 'taskGroupId' },
        },
      },
      extra: { actionPerm: 'generic' },
    });
  });

  it('has other hooks for pull requests, and leaves disabled actions out', () => {
    const { actions } = render(
      { 'disabled-actions': ['retrigger', 'cancel-all'] },
      { tasks_for: 'github-pull-request-untrusted' },
    );
    expect(actions).toHaveLength(8);
    expect(actions[0]!['hookId']).toBe('in-tree-pr-action-3-retrigger-decision/0123456789');
    expect(() => render({ 'disabled-actions': ['cancel-al'] })).toThrow('no action "cancel-al"');
  });
});

describe('the scope for an action', () => {
  const cancel = builtInActions.get('cancel')!;

  it.each([
    ['assume:repo:github.com/me/head:action:generic', true],
    ['assume:repo:github.com/mozilla/base:pr-action:generic', true],
    ['assume:repo:github.com/mozilla/base:action:generic', false],
    ['assume:repo:github.com/me/head:action:*', false],
    ['assume:*', false],
  ])('%s: %s', (scope, isEnough) => {
    const check = (): void => checkActionScope(cancel, parameters, ['other', scope]);
    if (isEnough) expect(check).not.toThrow();
    else expect(check).toThrow('needs the scope');
  });
});

describe('times of a definition that is created again', () => {
  it('count from its creation, wherever they are', () => {
    const definition = {
      created: '2026-01-01T00:00:00.000Z',
      deadline: '2026-01-02T00:00:00.500Z',
      payload: { artifacts: [{ expires: '2026-01-01T01:00:00+00:00', name: '2026-01-01' }] },
    };
    expect(relativeTimes(definition)).toEqual({
      created: { 'relative-datestamp': '0 seconds' },
      deadline: { 'relative-datestamp': '86400 seconds' },
      payload: { artifacts: [{ expires: { 'relative-datestamp': '3600 seconds' }, name: '2026-01-01' }] },
    });
  });
});

describe('caches to purge', () => {
  it('are those of docker-worker and of generic-worker payloads, each once', () => {
    expect(cacheNames({ cache: { b: '/b', a: '/a' } })).toEqual(['a', 'b']);
    const mounts = [{ cacheName: 'c', directory: 'x' }, { file: 'f' }, { cacheName: 'c', directory: 'y' }];
    expect(cacheNames({ mounts })).toEqual(['c']);
    expect(cacheNames({})).toEqual([]);
    expect(cacheNames(undefined)).toEqual([]);
  });
});

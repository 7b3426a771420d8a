import { describe, expect, test } from 'vitest';
import type { Mapping } from '../../../src/graph/values/plain.ts';
import { dockerTask, hintsFor, made, withWorker } from './task-making.ts';

describe('a task definition', () => {
  test('an empty "optimization" is none, of several the first counts', () => {
    expect(made({ ...dockerTask, optimization: {} }).result).toMatchObject({ optimization: {} });
    const optimization = { never: null, 'skip-unless-changed': ['a'] };
    expect(hintsFor({ ...dockerTask, optimization })).toEqual(['warning: only "never" counts']);
  });

  test('all of the simplest one', () => {
    const { result } = made(dockerTask);
    expect(result).toEqual({
      label: 'kind-a',
      description: 'about a',
      task: {
        provisionerId: 'domain-3',
        workerType: 'trusted',
        routes: ['checks'],
        created: { 'relative-datestamp': '0 seconds' },
        deadline: { 'relative-datestamp': '1 day' },
        expires: { 'relative-datestamp': '1 year' },
        scopes: [],
        metadata: {
          description: 'about a',
          name: 'kind-a',
          owner: 'someone@example.com',
          source: `https://example.com/repo/blob/${'1'.repeat(40)}/taskcluster/kinds/kind`,
        },
        extra: { index: { rank: 0 }, parent: '' },
        tags: {
          'worker-implementation': 'docker-worker',
          os: 'linux',
          createdForUser: 'someone@example.com',
          kind: 'kind',
          label: 'kind-a',
          project: 'repo',
          'trust-domain': 'domain',
        },
        priority: 'low',
        payload: {
          image: 'image@sha256:00',
          env: { SCCACHE_DISABLE: '1', MOZ_AUTOMATION: '1' },
          command: ['run-task', '--', 'true'],
          maxRunTime: 600,
          onExitStatus: { retry: [72], purgeCaches: [72] },
        },
      },
      dependencies: {},
      'if-dependencies': [],
      'soft-dependencies': [],
      attributes: {
        run_on_projects: ['all'],
        run_on_tasks_for: ['all'],
        always_target: false,
        shipping_phase: null,
      },
      optimization: null,
    });
  });

  test('what the author says counts', () => {
    const { result, definition } = made({
      ...dockerTask,
      label: 'mine',
      priority: 'highest',
      'deadline-after': '2 hours',
      'expires-after': '3 days',
      requires: 'all-resolved',
      scopes: ['x:{level}:{project}'],
      tags: { mine: 'yes', kind: 'not mine' },
      routes: ['mine'],
      optimization: { 'skip-unless-changed': ['*'] },
      'soft-dependencies': ['other'],
    });
    expect(definition).toMatchObject({
      priority: 'highest',
      deadline: { 'relative-datestamp': '2 hours' },
      expires: { 'relative-datestamp': '3 days' },
      requires: 'all-resolved',
      scopes: ['x:3:repo'],
      tags: { mine: 'yes', kind: 'kind', label: 'mine' },
      routes: ['mine', 'checks'],
    });
    expect(result).toMatchObject({
      label: 'mine',
      optimization: { 'skip-unless-changed': ['*'] },
      'soft-dependencies': ['other'],
    });
  });

  test('defaults differ by level, project and version control', () => {
    const { definition } = made(
      dockerTask,
      { level: '1', project: 'important', repository_type: 'hg' },
      { decisionTaskId: 'DECIDED' },
    );
    expect(definition).toMatchObject({
      provisionerId: 'domain-1',
      workerType: 'plain',
      priority: 'high',
      expires: { 'relative-datestamp': '28 days' },
      routes: [],
      extra: { parent: 'DECIDED' },
      metadata: { source: `https://example.com/repo/file/${'1'.repeat(40)}/taskcluster/kinds/kind` },
    });
  });

  test('a worker that names its implementation is not looked up', () => {
    const { definition } = made(withWorker(dockerTask, { implementation: 'docker-worker', os: 'linux' }));
    expect(definition['tags']).not.toHaveProperty('worker-implementation');
  });
});

describe('attributes of a task', () => {
  test('say where it runs', () => {
    const { result } = made({
      ...dockerTask,
      attributes: { mine: 1, build_platform: 'linux/opt', shipping_phase: 'build' },
      'run-on-projects': { 'by-build-platform': { 'linux.*': ['here'], default: [] } },
      'run-on-tasks-for': ['github-push'],
      'run-on-git-branches': ['main'],
      'always-target': true,
    });
    expect(result['attributes']).toEqual({
      mine: 1,
      build_platform: 'linux/opt',
      run_on_projects: ['here'],
      run_on_tasks_for: ['github-push'],
      run_on_git_branches: ['main'],
      always_target: true,
      shipping_phase: 'build',
    });
  });

  test('projects can be keyed by anything that the description has', () => {
    const keyed = { 'by-worker-type': { docker: ['here'], default: ['there'] } };
    // The alias has become a worker type by then.
    const { result } = made({ ...dockerTask, 'run-on-projects': keyed });
    expect((result['attributes'] as Mapping)['run_on_projects']).toEqual(['there']);
  });

  test('the shipping phase of the description counts before that of the attributes', () => {
    const { result } = made({
      ...dockerTask,
      attributes: { shipping_phase: 'build' },
      'shipping-phase': 'ship',
    });
    expect(result['attributes']).toMatchObject({ shipping_phase: 'ship' });
  });
});

test('if-dependencies are given by name and become labels', () => {
  const { result } = made({
    ...dockerTask,
    dependencies: { build: 'build-x' },
    'if-dependencies': ['build'],
  });
  expect(result['if-dependencies']).toEqual(['build-x']);
});

test('parts that are there but empty are as good as left out', () => {
  const { definition, result } = made({
    ...dockerTask,
    treeherder: null,
    requires: null,
    'run-on-git-branches': null,
    'shipping-phase': null,
  });
  expect(definition).not.toHaveProperty('requires');
  expect(definition['extra']).not.toHaveProperty('treeherder');
  expect(result['attributes']).not.toHaveProperty('run_on_git_branches');
});

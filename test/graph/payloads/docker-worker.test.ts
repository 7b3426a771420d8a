import { describe, expect, test } from 'vitest';
import type { Mapping } from '../../../src/graph/values/plain.ts';
import { dockerTask, hintsFor, made, mistakesIn, withWorker } from '../task/task-making.ts';

const caches = [
  { name: 'checkouts', 'mount-point': '/builds/worker/checkouts' },
  { name: 'npm', 'mount-point': '/builds/worker/.npm', 'commit-on': 'success', 'share-down': true },
];
const cached = withWorker(dockerTask, { caches });
const unwrapped = withWorker(cached, { command: ['make', 'all'] });

function records(definition: Mapping): Mapping {
  const { caisson } = definition['extra'] as { caisson: { caches: Mapping } };
  return caisson.caches;
}

describe('the payload of docker-worker', () => {
  test('without anything special', () => {
    const { payload, definition } = made(withWorker(dockerTask, { command: ['true'] }));
    expect(payload).toEqual({
      image: 'image@sha256:00',
      env: { SCCACHE_DISABLE: '1', MOZ_AUTOMATION: '1' },
      command: ['true'],
      maxRunTime: 600,
      onExitStatus: {},
    });
    expect(definition['scopes']).toEqual([]);
  });

  test('with every feature', () => {
    const { payload, definition } = made({
      ...withWorker(dockerTask, {
        'taskcluster-proxy': true,
        'allow-ptrace': true,
        'chain-of-trust': true,
        'loopback-video': true,
        'retry-exit-status': [4],
        artifacts: [{ type: 'directory', name: 'public', path: '/out' }],
      }),
      'needs-sccache': true,
      'expires-after': '2 days',
    });
    expect(payload).toMatchObject({
      features: { taskclusterProxy: true, allowPtrace: true, chainOfTrust: true },
      capabilities: { devices: { loopbackVideo: true } },
      onExitStatus: { retry: [4, 72], purgeCaches: [72] },
      artifacts: { public: { path: '/out', type: 'directory', expires: { 'relative-datestamp': '2 days' } } },
      env: { USE_SCCACHE: '1', SCCACHE_IDLE_TIMEOUT: '0' },
    });
    expect(definition['scopes']).toEqual([
      'docker-worker:feature:allowPtrace',
      'assume:project:taskcluster:domain:level-3-sccache-buckets',
      'docker-worker:capability:device:loopbackVideo',
    ]);
  });

  test('an image from the index', () => {
    const { payload } = made(withWorker(dockerTask, { 'docker-image': { indexed: 'a.b.c' } }));
    expect(payload['image']).toEqual({
      path: 'public/image.tar.zst',
      namespace: 'a.b.c',
      type: 'indexed-image',
    });
  });
});

describe('caches of docker-worker', () => {
  test('the payload, scopes and records have the same names', () => {
    const { payload, definition } = made(cached);
    const cache = payload['cache'] as Record<string, string>;
    const names = Object.keys(cache);
    expect(Object.values(cache)).toEqual(['/builds/worker/checkouts', '/builds/worker/.npm']);
    expect(names[0]).toMatch(/^domain-level-3-checkouts-v1-[0-9a-f]{20}$/);
    expect(definition['scopes']).toEqual(names.map((name) => `docker-worker:cache:${name}`));
    expect(Object.keys(records(definition))).toEqual(names);
    expect(records(definition)[names[1]!]).toEqual({
      shortName: 'npm',
      mountPoint: '/builds/worker/.npm',
      record: {
        protocol: 1,
        wrapper: 'ab'.repeat(32),
        image: 'image@sha256:00',
        platform: { implementation: 'docker-worker', os: 'linux' },
        user: 'worker:worker',
        mountPoint: '/builds/worker/.npm',
      },
      commitOn: 'success',
      shareDown: true,
    });
  });

  test('run-task is told where they are, sorted, and can have them purged', () => {
    const { payload } = made(withWorker(cached, { volumes: ['/z', '/a'] }));
    expect(payload['env']).toMatchObject({
      TASKCLUSTER_CACHES: '/builds/worker/.npm;/builds/worker/checkouts',
      TASKCLUSTER_VOLUMES: '/a;/z',
    });
    expect(payload['env']).not.toHaveProperty('TASKCLUSTER_UNTRUSTED_CACHES');
    expect(payload['onExitStatus']).toEqual({ retry: [72], purgeCaches: [72] });
  });

  test('other commands are told nothing, and neither wrapper nor user is in their records', () => {
    const { payload, definition } = made(withWorker(unwrapped, { caches: caches.slice(1), volumes: ['/a'] }));
    expect(payload['env']).toEqual({ SCCACHE_DISABLE: '1', MOZ_AUTOMATION: '1' });
    expect(payload['onExitStatus']).toEqual({});
    const [entry] = Object.values(records(definition)) as { record: Mapping }[];
    expect(Object.keys(entry!.record)).toEqual(['protocol', 'platform', 'mountPoint', 'image']);
  });

  test('only the program counts as the wrapper, wherever it lies', () => {
    const recordOf = (command: unknown[]): Mapping => {
      const { payload, definition } = made(withWorker(cached, { command, caches: caches.slice(1) }));
      const told = 'TASKCLUSTER_CACHES' in (payload['env'] as Mapping);
      const [entry] = Object.values(records(definition)) as { record: Mapping }[];
      expect('wrapper' in entry!.record).toBe(told);
      return entry!.record;
    };
    expect(recordOf(['bash -c', 'run-task'])).not.toHaveProperty('wrapper');
    expect(recordOf(['/usr/my tools/run-task', '--user', 'root', '--', 'x'])['user']).toBe('root:worker');
    expect(recordOf(['/usr/bin/run-task-hg', '--', 'x', '--user', 'root'])['user']).toBe('worker:worker');
  });

  test('untrusted pushes: marked, and some caches kept from them', () => {
    const skipping = withWorker(dockerTask, {
      caches: [{ ...caches[0], 'skip-untrusted': true }, caches[1]],
    });
    const { payload } = made(skipping, { level: '1' });
    expect(Object.values(payload['cache'] as Mapping)).toEqual(['/builds/worker/.npm']);
    expect(payload['env']).toMatchObject({
      TASKCLUSTER_CACHES: '/builds/worker/.npm',
      TASKCLUSTER_UNTRUSTED_CACHES: '1',
    });
    expect(Object.keys(made(skipping).payload['cache'] as Mapping)).toHaveLength(2);
  });

  test('when none is left, run-task gets no empty list', () => {
    const none = withWorker(dockerTask, { caches: [{ ...caches[0], 'skip-untrusted': true }] });
    const { payload, definition } = made(none, { level: '1' });
    expect(payload['cache']).toEqual({});
    expect(payload['env']).not.toHaveProperty('TASKCLUSTER_CACHES');
    expect(definition['extra']).not.toHaveProperty('caisson');
  });
});

describe('mistakes in the worker of a docker-worker task', () => {
  test.each([
    [{ 'docker-image': '' }, 'worker.docker-image: "worker.docker-image" must not be empty'],
    [{ 'docker-image': {} }, 'worker.docker-image: the image needs the key "in-tree" or "indexed"'],
    [
      { 'max-run-time': 'long' },
      'worker.max-run-time: "worker.max-run-time" must be a whole number, not "long"',
    ],
    [{ caches: [{ name: '', 'mount-point': '/x' }] }, 'worker.caches.0: "" cannot be the name of a cache'],
    [
      { caches: [{ name: `x-v1-${'0'.repeat(20)}`, 'mount-point': '/x' }] },
      `worker.caches.0: "x-v1-${'0'.repeat(20)}" is a complete cache name already`,
    ],
    [
      {
        caches: [
          { name: 'a', 'mount-point': '/x', 'vary-on': ['wrapper', 'user'] },
          { name: 'a', 'mount-point': '/y', 'vary-on': ['wrapper', 'user'] },
        ],
      },
      'worker.caches.1: the cache "a" is mounted twice, at /x and at /y',
    ],
  ])('%j', (worker, message) => {
    expect(mistakesIn(withWorker(dockerTask, worker))).toEqual([message]);
  });

  test('unknown keys are warnings, once', () => {
    expect(hintsFor(withWorker(dockerTask, { 'chain-of-trus': true }))).toEqual([
      'warning: did you mean "chain-of-trust"?',
    ]);
    const { 'max-run-time': seconds, ...worker } = dockerTask['worker'] as Mapping;
    expect(hintsFor({ ...dockerTask, worker: { ...worker, 'max-runtime': seconds } })).toEqual([
      'error: is "max-runtime" meant to be it?',
    ]);
  });
});

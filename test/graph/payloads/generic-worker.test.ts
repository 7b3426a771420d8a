import { describe, expect, test } from 'vitest';
import type { Mapping } from '../../../src/graph/values/plain.ts';
import { task } from '../../../src/graph/transforms/task/task.ts';
import { transformContext } from '../transforms/transform-context.ts';
import { genericTask, graphConfig, made, mistakesIn, withWorker } from '../task/task-making.ts';

const mounts = [
  { 'cache-name': 'checkouts', directory: 'checkouts' },
  { content: { artifact: 'private/x.zip', 'task-id': 'abc' }, directory: 'x', format: 'zip' },
  { 'cache-name': 'npm', directory: '.npm', 'commit-on': 'success' },
  { content: { url: 'https://example.com/y' }, file: 'y' },
];
const windowsTask = { ...withWorker(genericTask, { command: ['dir'] }), 'worker-type': 'windows' };
const mounted = withWorker(genericTask, { mounts });

describe('the payload of generic-worker', () => {
  test('without anything special', () => {
    const { payload } = made(withWorker(genericTask, { command: [['true']] }));
    expect(payload).toEqual({
      command: [['true']],
      maxRunTime: 600,
      env: { SCCACHE_DISABLE: '1', MOZ_AUTOMATION: '1' },
    });
  });

  test('with every feature', () => {
    const { payload, definition } = made(
      withWorker(windowsTask, {
        'chain-of-trust': true,
        'taskcluster-proxy': true,
        'run-as-administrator': true,
        'run-task-as-current-user': true,
        'hide-cmd-window': true,
        'os-groups': ['Admins'],
        artifacts: [
          { type: 'file', path: 'a' },
          { type: 'directory', path: 'b', name: 'public/b' },
        ],
      }),
    );
    expect(payload).toMatchObject({
      features: {
        chainOfTrust: true,
        taskclusterProxy: true,
        runAsAdministrator: true,
        runTaskAsCurrentUser: true,
        hideCmdWindow: true,
      },
      osGroups: ['Admins'],
      artifacts: [
        { type: 'file', path: 'a' },
        { type: 'directory', path: 'b', name: 'public/b' },
      ],
    });
    expect(definition['scopes']).toEqual([
      'generic-worker:os-group:p/w/Admins',
      'generic-worker:run-as-administrator:p/w',
      'generic-worker:run-task-as-current-user:p/w',
    ]);
  });

  test('a process that Windows ended is tried again', () => {
    const draft = withWorker(genericTask, { command: ['dir'], 'retry-exit-status': [4] });
    const { payload } = made({ ...draft, 'worker-type': 'windows' });
    expect(payload['onExitStatus']).toEqual({ retry: [4, 1073807364, 3221225786] });
  });
});

describe('mounts of generic-worker', () => {
  test('are spelled as the worker does, caches with their derived names', () => {
    const { payload, definition } = made(mounted);
    const [checkouts, archive, npm, file] = payload['mounts'] as Record<string, string>[];
    expect(checkouts).toEqual({
      cacheName: expect.stringMatching(/^domain-level-3-checkouts-v1-/),
      directory: 'checkouts',
    });
    expect(npm).toEqual({ cacheName: expect.stringMatching(/^domain-level-3-npm-v1-/), directory: '.npm' });
    expect(archive).toEqual({
      content: { artifact: 'private/x.zip', taskId: 'abc' },
      directory: 'x',
      format: 'zip',
    });
    expect(file).toEqual({ content: { url: 'https://example.com/y' }, file: 'y' });
    expect(definition['scopes']).toEqual([
      `generic-worker:cache:${checkouts!['cacheName']}`,
      'queue:get-artifact:private/x.zip',
      `generic-worker:cache:${npm!['cacheName']}`,
    ]);
    const { caisson } = definition['extra'] as { caisson: { caches: Mapping } };
    expect(caisson.caches[npm!['cacheName']!]).toEqual({
      shortName: 'npm',
      mountPoint: '.npm',
      record: {
        protocol: 1,
        wrapper: 'ab'.repeat(32),
        platform: { implementation: 'generic-worker', os: 'macosx' },
        user: 'task-user',
        mountPoint: '.npm',
      },
      commitOn: 'success',
    });
  });

  test('a cache of one task does not take the ingredients of another of the same name and place', () => {
    const plain = { 'cache-name': 'tools', directory: 'tools' };
    const context = transformContext({ graphConfig });
    const names = [{ ...plain, key: { strings: ['a'] } }, plain].map((mount, i) => {
      const draft = { ...withWorker(genericTask, { mounts: [mount] }), label: `t${i}` };
      const [made] = [...task(context, [structuredClone(draft)])];
      const { payload } = made!['task'] as { payload: { mounts: [Mapping] } };
      return payload.mounts[0]['cacheName'];
    });
    expect(context.mistakes).toEqual([]);
    expect(new Set(names).size).toBe(2);
  });

  test('a cache is named wherever it stands among the mounts, however it stands in another task', () => {
    const cache = { 'cache-name': 'tools', directory: 'tools' };
    const content = { content: { url: 'https://example.com/y' }, file: 'y' };
    const context = transformContext({ graphConfig });
    const made = [
      [cache, content],
      [content, cache],
    ].map((order, i) => {
      const draft = { ...withWorker(genericTask, { mounts: order }), label: `t${i}` };
      const [one] = [...task(context, [structuredClone(draft)])];
      return (one!['task'] as { payload: { mounts: Mapping[] } }).payload.mounts;
    });
    expect(made[1]).toEqual(made[0]!.toReversed());
    expect(made[1]![1]).toHaveProperty('cacheName');
  });

  test('the caches are protected by run-task as they are on docker-worker', () => {
    const { payload } = made(mounted, { level: '1' });
    expect(payload).toMatchObject({
      env: { TASKCLUSTER_CACHES: '.npm;checkouts', TASKCLUSTER_UNTRUSTED_CACHES: '1' },
      onExitStatus: { retry: [72], purgeCaches: [72] },
    });
    expect(made(mounted).payload['env']).not.toHaveProperty('TASKCLUSTER_UNTRUSTED_CACHES');
  });

  test('on Windows, where an interpreter starts run-task', () => {
    const line = 'C:/mozilla-build/python3/python3.exe run-task -- bash -cx true';
    const { payload } = made({ ...withWorker(mounted, { command: [line] }), 'worker-type': 'windows' });
    expect(payload['onExitStatus']).toEqual({ retry: [72, 1073807364, 3221225786], purgeCaches: [72] });
  });

  test('other commands cannot check them', () => {
    const npm = mounts.slice(2, 3);
    const { payload, definition } = made(withWorker(genericTask, { mounts: npm, command: [['make']] }));
    expect(payload['env']).not.toHaveProperty('TASKCLUSTER_CACHES');
    expect(payload).not.toHaveProperty('onExitStatus');
    expect(JSON.stringify(definition['extra'])).not.toContain('wrapper');
  });

  test.each([
    [{ 'cache-name': 'x' }, 'worker.mounts.0: "worker.mounts.0" needs the key "directory"'],
    [
      { 'cache-name': 'x', directory: '' },
      'worker.mounts.0.directory: "worker.mounts.0.directory" must not be empty',
    ],
    [
      { directory: 'x', content: { sha: '' } },
      'worker.mounts.0.content.sha: unknown key "sha" in "worker.mounts.0.content"',
    ],
  ])('mistakes: %j', (mount, message) => {
    expect(mistakesIn(withWorker(genericTask, { mounts: [mount] }))).toEqual([message]);
  });
});

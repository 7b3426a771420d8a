import { describe, expect, test } from 'vitest';
import type { Mapping } from '../../../../src/graph/values/plain.ts';
import { dockerTask, genericTask, hintsFor, made, mistakesIn, withWorker } from '../../task/task-making.ts';

const windowsTask = { ...withWorker(genericTask, { command: ['dir'] }), 'worker-type': 'windows' };
const content = { url: 'https://example.com/x' };

describe('what docker-worker would refuse is a mistake', () => {
  test.each<[Mapping, string]>([
    [
      { 'max-run-time': 0 },
      'worker.max-run-time: "payload.maxRunTime" must be a whole number from 1 on, not 0',
    ],
    [
      { 'max-run-time': -5 },
      'worker.max-run-time: "payload.maxRunTime" must be a whole number from 1 on, not -5',
    ],
  ])('%j', (worker, message) => {
    expect(mistakesIn(withWorker(dockerTask, worker))).toEqual([message]);
  });

  test('references, caches of an image that is built here and artifacts are right', () => {
    const { payload } = made(
      withWorker(dockerTask, {
        env: { A: { 'artifact-reference': '<a/public/x>' } },
        command: ['run-task', '--', 'true', { 'task-reference': '<a>' }],
        caches: [{ name: 'x', 'mount-point': '/x' }],
        artifacts: [{ type: 'volume', name: 'public', path: '/x' }],
        'loopback-video': true,
        'allow-ptrace': true,
      }),
    );
    expect(payload['artifacts']).toHaveProperty(['public', 'expires']);
  });
});

describe('what generic-worker would refuse is a mistake', () => {
  test.each<[string, Mapping, string]>([
    [
      'words where a list of them is needed',
      { command: ['true'] },
      'worker.command.0: "payload.command.0" must be a list, not "true"',
    ],
    ['no command', { command: [] }, 'worker.command: "payload.command" must not be empty'],
    ['an empty command', { command: [[]] }, 'worker.command.0: "payload.command.0" must not be empty'],
    [
      'a folder without a format',
      { mounts: [{ directory: 'x', content }] },
      'worker.mounts.0: "payload.mounts.0" needs the key "format"',
    ],
    [
      'a file with the format of a folder',
      { mounts: [{ file: 'x', content, format: 'zip' }] },
      'worker.mounts.0.format: "payload.mounts.0.format" must be one of br, bz2, gz, lz, lz4, mz, sz, xz, zst, zz, not "zip"',
    ],
    [
      'content from nowhere',
      { mounts: [{ file: 'x', content: {} }] },
      'worker.mounts.0.content: "payload.mounts.0.content" does not say where the content comes from',
    ],
    [
      'an artifact of no task',
      { mounts: [{ file: 'x', content: { artifact: 'public/x' } }] },
      'worker.mounts.0.content: "payload.mounts.0.content" needs the key "taskId"',
    ],
    [
      'a cache with content of no format',
      { mounts: [{ 'cache-name': 'x', directory: 'x', content }] },
      'worker.mounts.0: "payload.mounts.0" needs both "content" and "format", or neither',
    ],
    [
      'one exit code twice',
      { 'retry-exit-status': [4, 4] },
      'worker.retry-exit-status.1: "payload.onExitStatus.retry" has 4 twice',
    ],
    [
      'success as a reason to try again',
      { 'retry-exit-status': [0] },
      'worker.retry-exit-status.0: "payload.onExitStatus.retry.0" must be a whole number from 1 on, not 0',
    ],
    [
      'one artifact twice',
      {
        artifacts: [
          { type: 'file', path: 'a' },
          { type: 'file', path: 'a' },
        ],
      },
      'worker.artifacts.1: "payload.artifacts" has an entry twice',
    ],
    [
      'rights that only Windows knows',
      { 'run-as-administrator': true },
      'worker.run-as-administrator: unknown key "runAsAdministrator" in "payload.features"',
    ],
  ])('%s', (_, worker, message) => {
    expect(mistakesIn(withWorker(genericTask, worker))).toEqual([message]);
  });

  test('lists of words where Windows wants lines', () => {
    expect(mistakesIn(withWorker(windowsTask, { command: [['dir']] }))).toEqual([
      'worker.command.0: "payload.command.0" must be a text, not a list',
    ]);
  });

  test('what the task needs in any case is not written twice', () => {
    const codes = { 'retry-exit-status': [72, 1073807364], 'purge-caches-exit-status': [72] };
    const mounts = [{ 'cache-name': 'x', directory: 'x' }];
    const command = ['python run-task -- dir'];
    const { payload } = made(withWorker(windowsTask, { ...codes, mounts, command }));
    expect(payload['onExitStatus']).toEqual({ retry: [72, 1073807364, 3221225786], purgeCaches: [72] });
  });

  test.each([
    { raw: 'text' },
    { base64: 'dGV4dA==' },
    { url: 'https://example.com/x', sha256: 'ab'.repeat(32) },
    { artifact: 'public/x', 'task-id': { 'task-reference': '<build>' } },
    { namespace: 'a.b', artifact: 'public/x' },
  ])('content %j is taken', (from) => {
    expect(mistakesIn(withWorker(genericTask, { mounts: [{ file: 'x', content: from }] }))).toEqual([]);
  });

  test('who refuses it is said', () => {
    expect(hintsFor(withWorker(genericTask, { 'max-run-time': 0 }))).toEqual([
      'error: generic-worker would refuse the task',
    ]);
  });
});

test('a payload that never runs may be anything', () => {
  const nowhere = { ...dockerTask, 'worker-type': 'nowhere', worker: { 'max-run-time': 0 } };
  expect(mistakesIn(nowhere)).toEqual([]);
});

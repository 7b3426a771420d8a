import { describe, expect, test } from 'vitest';
import { made, mistakesIn } from '../task/task-making.ts';

const draft = { name: 'a', description: 'about a' };

describe('payloads that no worker of ours executes', () => {
  test.each([
    ['succeed', {}, 'built-in', 'succeed'],
    ['always-optimized', {}, 'invalid', 'always-optimized'],
    ['nowhere', 'invalid task - should never be created', 'invalid', 'invalid'],
  ])('%s', (alias, payload, provisionerId, workerType) => {
    const { definition } = made({ ...draft, 'worker-type': alias });
    expect(definition).toMatchObject({ payload, provisionerId, workerType });
  });

  test('tasks that share a payload builder do not share a payload', () => {
    const one = made({ ...draft, 'worker-type': 'succeed' }).payload;
    expect(made({ ...draft, 'worker-type': 'succeed' }).payload).not.toBe(one);
  });

  test('a task that only succeeds takes nothing', () => {
    const worker = { 'max-run-time': 60 };
    expect(mistakesIn({ ...draft, 'worker-type': 'succeed', worker })).toEqual([
      expect.stringContaining('unknown key "max-run-time" in "worker"'),
    ]);
  });
});

describe('beetmover', () => {
  const worker = {
    'release-properties': {
      'app-name': 'app',
      'app-version': '1.0',
      branch: 'main',
      'build-id': '7',
      'hash-type': 'sha512',
      platform: 'linux',
    },
    'upstream-artifacts': [
      { taskId: { 'task-reference': '<build>' }, taskType: 'build', paths: ['public/a'], locale: 'en' },
    ],
    locale: 'en',
    'artifact-map': [{ any: 'thing' }],
    'partner-public': true,
  };

  test('the payload', () => {
    const { payload } = made({ ...draft, 'worker-type': 'mover', worker });
    expect(payload).toEqual({
      maxRunTime: 600,
      releaseProperties: {
        appName: 'app',
        appVersion: '1.0',
        branch: 'main',
        buildid: '7',
        hashType: 'sha512',
        platform: 'linux',
      },
      upload_date: 1700000000,
      upstreamArtifacts: worker['upstream-artifacts'],
      locale: 'en',
      artifactMap: [{ any: 'thing' }],
      is_partner_repack_public: true,
    });
  });

  test('what it needs', () => {
    expect(mistakesIn({ ...draft, 'worker-type': 'mover' })).toEqual([
      'worker: "worker" needs the key "release-properties"',
      'worker: "worker" needs the key "upstream-artifacts"',
    ]);
  });
});

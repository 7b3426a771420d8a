import { describe, expect, test } from 'vitest';
import {
  resolveTaskReferences,
  resolveTimestamps,
  TaskReferenceError,
} from '../../../src/graph/values/parameterization.ts';
import { DurationError } from '../../../src/graph/values/time.ts';

const targets = {
  taskId: 'SELF',
  decisionTaskId: 'DECISION',
  dependencies: { build: 'BUILD', 'docker-image': 'IMAGE' },
  rootUrl: 'https://tc.example.com/',
};
const artifact = (path: string) => `https://tc.example.com/api/queue/v1/task/${path}`;

describe('resolveTaskReferences', () => {
  test.each([
    ['a name', { 'task-reference': 'x <build> y' }, 'x BUILD y'],
    ['self and decision', { 'task-reference': '<self>/<decision>' }, 'SELF/DECISION'],
    ['a literal <', { 'task-reference': '<<>build> <build>' }, '<build> BUILD'],
    [
      'keys of a mapping',
      { 'task-reference': { 'cache-<docker-image>': '/mnt' } },
      { 'cache-IMAGE': '/mnt' },
    ],
    ['inside of lists', [{ a: [{ 'task-reference': '<build>' }] }], [{ a: ['BUILD'] }]],
    [
      'an artifact',
      { 'artifact-reference': '<build/public/x.zip>' },
      artifact('BUILD/artifacts/public/x.zip'),
    ],
    [
      'the decision task',
      { 'artifact-reference': '<decision/public/p.yml>' },
      artifact('DECISION/artifacts/public/p.yml'),
    ],
    [
      'a mapping with another key',
      { 'task-reference': '<build>', other: 1 },
      { 'task-reference': '<build>', other: 1 },
    ],
    ['plain text', '<build>', '<build>'],
  ])('%s', (_, value, expected) => {
    expect(resolveTaskReferences('label', value, targets)).toEqual(expected);
  });

  test.each([
    [{ 'task-reference': '<nobody>' }, /task "label" has no dependency named "nobody"/],
    [{ 'task-reference': '<toString>' }, /no dependency/],
    [{ 'artifact-reference': '<nobody/public/x>' }, /no dependency/],
    [{ 'artifact-reference': '<self/public/x>' }, /its own artifacts/],
    [{ 'task-reference': [1] }, /needs a text/],
  ])('refuses %j', (value, message) => {
    expect(() => resolveTaskReferences('label', value, targets)).toThrow(TaskReferenceError);
    expect(() => resolveTaskReferences('label', value, targets)).toThrow(message);
  });

  test('artifacts that are not public go through the proxy', () => {
    const value = { 'artifact-reference': '<build/private/x> <build/public/y>' };
    const proxyUrl = 'http://taskcluster';
    expect(resolveTaskReferences('label', value, { ...targets, proxyUrl })).toBe(
      `http://taskcluster/api/queue/v1/task/BUILD/artifacts/private/x ${artifact('BUILD/artifacts/public/y')}`,
    );
  });

  test('without a root URL an artifact has no address', () => {
    const value = { 'artifact-reference': '<build/public/y>' };
    expect(() => resolveTaskReferences('label', value, { ...targets, rootUrl: null })).toThrow(
      'TASKCLUSTER_ROOT_URL',
    );
  });
});

test('resolveTimestamps', () => {
  const now = Date.UTC(2026, 0, 1);
  expect(resolveTimestamps(now, { expires: { 'relative-datestamp': '1 day' }, list: [1] })).toEqual({
    expires: '2026-01-02T00:00:00.000Z',
    list: [1],
  });
  expect(() => resolveTimestamps(now, { 'relative-datestamp': '6 weeks' })).toThrow(DurationError);
});

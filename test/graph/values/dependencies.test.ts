import { expect, test } from 'vitest';
import type { GraphTask } from '../../../src/graph/task-graph.ts';
import {
  getDependencies,
  getPrimaryDependency,
  groupByFunctions,
  setNameFunctions,
} from '../../../src/graph/values/dependencies.ts';
import { byLabel, graphTask } from '../transforms/transform-context.ts';

const tasks = [
  graphTask('build', 'b', { os: 'linux' }),
  graphTask('build', 'a', { os: 'mac' }),
  graphTask('test', 'a', { os: 'linux' }),
  graphTask('test', 'x', { os: '' }),
];
const context = { kindDependenciesTasks: byLabel(...tasks) };
const labels = (found: readonly GraphTask[]) => found.map(({ label }) => label);

test('dependencies come in the order of the kinds, each once', () => {
  const dependencies = { x: 'test-a', y: 'build-b', z: 'build-b', unknown: 'other-task' };
  expect(labels(getDependencies(context, { dependencies }))).toEqual(['build-b', 'test-a']);
  expect(getDependencies(context, {})).toEqual([]);
});

test('the primary dependency', () => {
  const draft = { attributes: { 'primary-dependency-label': 'test-a' } };
  expect(getPrimaryDependency(context, draft)?.label).toBe('test-a');
  expect(getPrimaryDependency(context, {})).toBeUndefined();
});

test('groups', () => {
  const grouped = (name: string, argument = '') =>
    groupByFunctions
      .get(name)!
      .group(tasks, argument)
      .map((group) => labels(group));
  expect(grouped('single')).toEqual([['build-b'], ['build-a'], ['test-a'], ['test-x']]);
  expect(grouped('all')).toEqual([['build-b', 'build-a', 'test-a', 'test-x']]);
  expect(grouped('attribute', 'os')).toEqual([['build-b', 'test-a'], ['build-a']]);
});

test('names', () => {
  expect(setNameFunctions.get('strip-kind')!(tasks[0]!, 'build')).toBe('b');
  expect(setNameFunctions.get('strip-kind')!(tasks[0]!, 'other')).toBe('build-b');
  expect(setNameFunctions.get('retain-kind')!(tasks[0]!, 'build')).toBe('build-b');
});

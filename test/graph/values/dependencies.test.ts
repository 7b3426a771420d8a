import { expect, test } from 'vitest';
import type { GraphTask } from '../../../src/graph/task-graph.ts';
import {
  getDependencies,
  getPrimaryDependency,
  groupByFunctions,
  setNameFunctions,
} from '../../../src/graph/values/dependencies.ts';
import { byLabel, graphTask, transformContext } from '../transforms/transform-context.ts';

const tasks = [
  graphTask('build', 'b', { os: 'linux' }),
  graphTask('build', 'a', { os: 'mac' }),
  graphTask('test', 'a', { os: 'linux' }),
  graphTask('test', 'x', { os: '' }),
];
const context = transformContext({ kindDependenciesTasks: byLabel(...tasks) });
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
      .group(tasks, argument, context)
      .map((group) => labels(group));
  expect(grouped('single')).toEqual([['build-b'], ['build-a'], ['test-a'], ['test-x']]);
  expect(grouped('all')).toEqual([['build-b', 'build-a', 'test-a', 'test-x']]);
  expect(grouped('attribute', 'os')).toEqual([['build-b', 'test-a'], ['build-a']]);
});

test('names', () => {
  const nameBy = (name: string, kind: string) =>
    setNameFunctions.get(name)!(tasks[0]!, kind, { tasks, context: context });
  expect(nameBy('strip-kind', 'build')).toBe('b');
  expect(nameBy('strip-kind', 'other')).toBe('build-b');
  expect(nameBy('retain-kind', 'build')).toBe('build-b');
});

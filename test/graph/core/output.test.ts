import { describe, expect, it } from 'vitest';
import { toDefinition } from '../../../src/graph/create.ts';
import { formatJson, formatLabels, formatYaml } from '../../../src/graph/output/format.ts';
import { writeJson } from '../../../src/graph/output/json.ts';
import { PythonFloat } from '../../../src/graph/values/python-float.ts';
import type { GraphTask } from '../../../src/graph/task-graph.ts';
import { failureText } from './work-tree.ts';

const task: GraphTask = {
  kind: 'build',
  label: 'build-b',
  description: 'x',
  attributes: { kind: 'build' },
  task: {
    provisionerId: 'p',
    workerType: 'w',
    payload: { maxRunTime: 60 },
    created: { 'relative-datestamp': '0 seconds' },
    deadline: { 'relative-datestamp': '1 day' },
  },
  optimization: null,
  dependencies: { a: 'build-a' },
  softDependencies: [],
  ifDependencies: [],
};
const graph = new Map([
  ['build-b', task],
  ['build-a', { ...task, label: 'build-a', taskId: 'A' }],
]);

describe('printing a graph', () => {
  it('as JSON has the keys of taskgraph, sorted', () => {
    expect(
      formatJson(graph, {
        tasks: /^build-a/,
        excludeKeys: ['task.payload', 'attributes', 'task.nothing.there'],
      }),
    ).toBe(`{
  "build-a": {
    "dependencies": {
      "a": "build-a"
    },
    "description": "x",
    "if_dependencies": [],
    "kind": "build",
    "label": "build-a",
    "optimization": null,
    "soft_dependencies": [],
    "task": {
      "created": {
        "relative-datestamp": "0 seconds"
      },
      "deadline": {
        "relative-datestamp": "1 day"
      },
      "provisionerId": "p",
      "workerType": "w"
    },
    "task_id": "A"
  }
}
`);
    expect(task.task.payload).toEqual({ maxRunTime: 60 });
  });

  it('as labels and YAML is sorted too', () => {
    expect(formatLabels(graph)).toBe('build-a\nbuild-b\n');
    expect(formatYaml(graph, { tasks: /b$/, excludeKeys: ['task'] })).toBe(
      'build-b:\n  attributes:\n    kind: build\n  dependencies:\n    a: build-a\n  description: x\n  if_dependencies: []\n  kind: build\n  label: build-b\n  optimization: null\n  soft_dependencies: []\n',
    );
  });

  it('sorts by code point and keeps floats floats', async () => {
    expect(writeJson({ '\u{1F600}': 1, '\uFFFD': 2, 10: 3, 9: 4 }).replace(/\s+/g, '')).toBe(
      '{"10":3,"9":4,"\uFFFD":2,"\u{1F600}":1}',
    );
    expect(writeJson([new PythonFloat(3), 0.5, 10n ** 20n, {}, []])).toBe(
      '[\n  3.0,\n  0.5,\n  100000000000000000000,\n  {},\n  []\n]',
    );
    expect(await failureText(() => writeJson(new Date(0)))).toContain(
      'configuration: JSON cannot hold the date 1970-01-01',
    );
  });
});

describe('the definition for the queue', () => {
  it('has times, a task queue and everything that may be left out', () => {
    const options = { taskGroupId: 'G', schedulerId: 's', now: new Date(Date.UTC(2026, 0, 1)) };
    const given = {
      ...task,
      task: { ...task.task, retries: new PythonFloat(2), dependencies: ['B', 'A', 'B'] },
    };
    expect(toDefinition(given, options)).toEqual({
      taskQueueId: 'p/w',
      schedulerId: 's',
      taskGroupId: 'G',
      dependencies: ['B', 'A'],
      requires: 'all-completed',
      routes: [],
      priority: 'lowest',
      retries: 2,
      created: '2026-01-01T00:00:00.000Z',
      deadline: '2026-01-02T00:00:00.000Z',
      scopes: [],
      payload: { maxRunTime: 60 },
      tags: {},
      extra: {},
    });
  });

  it('depends on the decision task unless it depends on a task that is created with it', () => {
    const options = { taskGroupId: 'G', schedulerId: 's', now: new Date(0) };
    const needing = (...dependencies: string[]) => ({ ...task, task: { ...task.task, dependencies } });
    const graph = new Set(['A']);
    expect(toDefinition(needing(), { ...options, graph }).dependencies).toEqual(['G']);
    expect(toDefinition(needing('B'), { ...options, graph }).dependencies).toEqual(['B', 'G']);
    expect(toDefinition(needing('B', 'A'), { ...options, graph }).dependencies).toEqual(['B', 'A']);
    expect(toDefinition(needing('G'), { ...options, graph }).dependencies).toEqual(['G']);
    expect(toDefinition(needing(), options).dependencies).toEqual([]);
  });
});

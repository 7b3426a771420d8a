import { describe, expect, test } from 'vitest';
import { inConfig, inKind, type Mistake, whatIsTold } from '../graph/errors/mistaken.ts';

const task = 'description: build it';

/** What once ended in a crash, reduced to what it was about. */
const found: readonly (readonly [Mistake, string])[] = [
  [
    inKind('build', 'a number as a label', task, `${task}\n    dependencies: {x: 5}`),
    '"dependencies.x" must be a text, not 5',
  ],
  [
    inKind('build', 'an empty label', task, `${task}\n    dependencies: {x: null}`),
    '"dependencies.x" must be a text, not empty',
  ],
  [
    inKind('build', 'variables that are a text', 'max-run-time: 600', 'max-run-time: 600, env: x'),
    '"worker.env" must be a mapping, not "x"',
  ],
  [
    inKind('build', 'caches that are a mapping', 'max-run-time: 600', 'max-run-time: 600, caches: {x: y}'),
    '"worker.caches" must be a list, not a mapping',
  ],
  [
    inKind('build', 'routes that are a number', task, `${task}\n    notify: {recipients: []}\n    routes: 5`),
    'kind.yml:17:5: error: "routes" must be a list',
  ],
  [
    inKind(
      'build',
      'soft dependencies that are true',
      '- taskgraph.transforms.notify',
      '- taskgraph.transforms.code_review',
      {
        changes: [
          [
            'taskcluster/kinds/build/kind.yml',
            '- taskgraph.transforms.notify',
            '- taskgraph.transforms.code_review',
          ],
          ['taskcluster/kinds/build/kind.yml', task, `${task}\n    soft-dependencies: true`],
        ],
      },
    ),
    '"soft-dependencies" must be a list, not true',
  ],
  [
    inKind('build', 'a folder of tasks', 'task-defaults:', 'tasks-from: [.]\ntask-defaults:'),
    'kind.yml:10:14: error: taskcluster/kinds/build is no file that can be read',
  ],
  [
    inKind('build', 'an image with a name that is too long', 'in-tree: base', `in-tree: ${'x'.repeat(300)}`),
    'there is no image "xxx',
  ],
  [
    inKind('build', 'an image with a null in its name', '{in-tree: base}', '{in-tree: "a\\0b"}'),
    'kind.yml:12:27: error: there is no image',
  ],
  [
    inKind(
      'docker-image',
      'a folder with a name that is too long',
      '{symbol: I(base)}',
      `{definition: ${'x'.repeat(300)}}`,
    ),
    'kind.yml:7:10: error: ',
  ],
  [
    inConfig('a repository of several types', '{name: App}', '{name: App, type: [git]}'),
    '"taskgraph.repositories.app.type" must be a text, not a list',
  ],
  [
    inKind('build', 'an alias within its anchor', task, `${task}\n    attributes: &a {x: *a}`),
    'kind.yml:16:24: error: an alias stands within its own anchor',
  ],
  [
    inKind(
      'build',
      'aliases that multiply',
      'task-defaults:',
      `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}x]\n`).join('')}task-defaults:`,
    ),
    'the aliases of the file unfold to millions of values',
  ],
  [
    inKind('build', 'brackets without end', task, `${task}\n    attributes: {x: ${'['.repeat(100_000)}`),
    'nested too deeply',
  ],
];

describe('what once ended in a crash is told', () => {
  test.each(found.map(([mistake, text]) => [mistake.name, mistake, text] as const))(
    '%s',
    async (_, mistake, text) => {
      expect(await whatIsTold(mistake)).toContain(text);
    },
  );
});

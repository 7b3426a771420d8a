import { describe, expect, test } from 'vitest';
import { dockerTask, hintsFor, mistakesIn, withWorker } from './task-making.ts';

describe('mistakes in a task description', () => {
  test.each([
    [{ worker: 'hello' }, 'worker: "worker" must be a mapping, not "hello"'],
    [{ tags: 'hello' }, 'tags: "tags" must be a mapping, not "hello"'],
    [{ label: 5 }, 'label: "label" must be a text, not 5'],
    [{ 'run-on-project': [] }, 'run-on-project: unknown key "run-on-project"'],
    [{ 'run-on-projects': 'all' }, 'run-on-projects: "run-on-projects" must be a list, not "all"'],
    [
      { 'run-on-projects': { 'by-build-platform': { x: 'all', default: 'all' } } },
      'run-on-projects: "run-on-projects" must be a list of projects',
    ],
    [{ priority: 'urgent' }, /^priority: "priority" must be one of highest, .*, not "urgent"$/],
    [{ dependencies: { self: 'x' } }, /^dependencies\.self: /],
    [
      { dependencies: { build: 'x' }, 'if-dependencies': ['biuld'] },
      'if-dependencies.0: "biuld" in if-dependencies is no dependency',
    ],
    [{ optimization: { sometimes: null } }, /^optimization\.sometimes: /],
    [{ extra: { index: 'x' } }, 'extra.index: "extra.index" must be a mapping, not "x"'],
    [{ extra: { caisson: {} } }, 'extra.caisson: "extra.caisson" is written by the compiler'],
    [{ 'worker-type': 'dokcer' }, 'worker-type: there is no worker alias "dokcer" in config.yml'],
    [
      { worker: { implementation: 'docker-werker' } },
      'worker.implementation: there is no worker implementation "docker-werker"',
    ],
    [{ scopes: ['x:{lvl}'] }, /^scopes\.0: /],
  ])('%j', (part, message) => {
    const [first, ...more] = mistakesIn({ ...dockerTask, ...part });
    expect(first).toEqual(message instanceof RegExp ? expect.stringMatching(message) : message);
    expect(more).toEqual([]);
  });

  test('all are told at once', () => {
    const { description: _, ...draft } = withWorker(dockerTask, { 'max-run-time': 'x', env: [] });
    expect(mistakesIn({ ...draft, routes: 'x' })).toEqual([
      'routes: "routes" must be a list, not "x"',
      ': the key "description" is missing',
      'worker.max-run-time: "worker.max-run-time" must be a whole number, not "x"',
      'worker.env: "worker.env" must be a mapping, not a list',
    ]);
  });

  test('what was most likely meant', () => {
    expect(hintsFor({ ...dockerTask, 'worker-type': 'dokcer' })).toEqual(['error: did you mean "docker"?']);
    expect(hintsFor({ ...dockerTask, worker: { implementation: 'docker-werker' } })).toEqual([
      'error: did you mean "docker-worker"?',
    ]);
    expect(hintsFor({ ...dockerTask, 'run-on-project': [] })).toEqual([
      'error: did you mean "run-on-projects"?',
    ]);
  });

  test('a draft without a name', () => {
    const { name: _, ...draft } = dockerTask;
    expect(mistakesIn(draft)).toEqual([': the task has neither a name nor a label']);
  });
});

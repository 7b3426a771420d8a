import { describe, expect, it } from 'vitest';
import type { Parameters } from '../../../src/graph/parameters/parameters.ts';
import { openRegistry } from '../../../src/graph/plugins/built-in.ts';
import { alwaysTargets, namedTargets, selectTargets, targetGraph } from '../../../src/graph/targets.ts';
import type { GraphTask } from '../../../src/graph/task-graph.ts';
import { failureText, parameters } from './work-tree.ts';

function taskOf(
  label: string,
  attributes: Record<string, unknown> = {},
  dependencies: Record<string, string> = {},
): GraphTask {
  const kind = label.split('-')[0]!;
  const rest = { description: '', task: {}, optimization: null, softDependencies: [], ifDependencies: [] };
  return {
    kind,
    label,
    attributes: { run_on_projects: ['all'], ...attributes, kind },
    dependencies,
    ...rest,
  };
}

function graphOf(...tasks: readonly GraphTask[]): ReadonlyMap<string, GraphTask> {
  return new Map(tasks.map((task) => [task.label, task]));
}

function select(tasks: ReadonlyMap<string, GraphTask>, given: Partial<Parameters>): string[] {
  return selectTargets(tasks, { ...parameters, ...given }, openRegistry(), () => undefined);
}

function targets(task: Record<string, unknown>, given: Partial<Parameters> = {}): boolean {
  return select(graphOf(taskOf('a', task)), given).length === 1;
}

describe('target tasks', () => {
  it.each<[boolean, Record<string, unknown>, Partial<Parameters>]>([
    [true, {}, {}],
    [false, { run_on_projects: [] }, {}],
    [false, { run_on_projects: undefined }, {}],
    [true, { run_on_projects: ['app'] }, {}],
    [false, { run_on_projects: ['other'] }, {}],
    [false, { cron: true }, {}],
    [true, { shipping_phase: 'build' }, {}],
    [false, { shipping_phase: 'ship' }, {}],
    [true, { run_on_tasks_for: ['github-push'] }, {}],
    [false, { run_on_tasks_for: ['cron'] }, {}],
    [true, { run_on_git_branches: ['ma.n'] }, {}],
    [false, { run_on_git_branches: ['release'] }, {}],
    [true, { run_on_git_branches: ['release'] }, { tasks_for: 'github-pull-request' }],
    [true, { run_on_git_branches: ['release'] }, { repository_type: 'hg' }],
    [false, {}, { target_tasks_method: 'nothing' }],
    [false, {}, { target_tasks_method: 'codereview' }],
    [true, { 'code-review': true }, { target_tasks_method: 'codereview' }],
  ])('%s for %j with %j', (expected, task, given) => {
    expect(targets(task, given)).toBe(expected);
  });

  it('refuses methods and filters that there are not', async () => {
    const selecting = (given: Partial<Parameters>) => () => select(graphOf(), given);
    expect(await failureText(selecting({ target_tasks_method: 'defualt' }))).toContain(
      'did you mean "default"?',
    );
    expect(await failureText(selecting({ filters: ['mine'] }))).toContain('there is no filter "mine"');
  });

  it('takes labels and regular expressions for whole labels', async () => {
    const tasks = graphOf(taskOf('test-a'), taskOf('test-b'), taskOf('test'), taskOf('build-c++'));
    expect(namedTargets(tasks, ['test', 'test'])).toEqual(['test']);
    expect(namedTargets(tasks, ['test-.*', 'build-c++'])).toEqual(['build-c++', 'test-a', 'test-b']);
    expect(await failureText(() => namedTargets(tasks, ['tset']))).toBe(
      '\nusage: there is no task "tset"\n  hint: did you mean "test"?\n',
    );
    expect(await failureText(() => namedTargets(tasks, ['build']))).toContain(
      '"build" is a kind; its tasks are build-c++',
    );
    expect(await failureText(() => namedTargets(tasks, ['(']))).toContain('usage: there is no task "("');
  });

  it('closes over dependencies, and adds what is always a target as far as it may', () => {
    const tasks = graphOf(
      taskOf('a', {}, { b: 'b' }),
      taskOf('b', {}, { c: 'c' }),
      taskOf('c'),
      taskOf('d', { always_target: true }),
      taskOf('e', { always_target: true }),
    );
    expect([...targetGraph(tasks, ['a']).keys()]).toEqual(['a', 'b', 'c']);
    const always = (enable_always_target: boolean | string[]) =>
      alwaysTargets(tasks, { ...parameters, enable_always_target });
    expect([always(true), always(false), always(['e'])]).toEqual([['d', 'e'], [], ['e']]);
  });
});

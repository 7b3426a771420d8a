import { describe, expect, it } from 'vitest';
import type { IndexReader, Phase } from '../../../src/graph/compile.ts';
import { readConfig } from '../../../src/graph/load/config-file.ts';
import { Mistakes } from '../../../src/graph/mistakes.ts';
import { decideParameters } from '../../../src/graph/plugins/load.ts';
import { failureText, parameters } from '../core/work-tree.ts';
import { compileWith, kindWith, requestWith, type Tree } from './plugin-tree.ts';

const tasks = 'tasks:\n  one: {attributes: {nightly: true}}\n  two: {dependencies: {one: a-one}}\n';

function tree(body: string, given: Partial<typeof parameters> = {}, kind = tasks): Tree {
  return {
    kinds: { a: kindWith([], kind) },
    plugins: {
      'mine.ts': `import { isWantedByDefault, keys, text } from 'caisson/plugin';\nexport function register(registry) {\n${body}\n}`,
    },
    config: '  register: mine:register\n',
    request: { parameters: { ...parameters, ...given } },
  };
}

async function labels(wanted: Tree, phase: Phase = 'target'): Promise<string[]> {
  const { graph } = await compileWith(wanted, phase);
  return [...graph.values()].map(({ label }) => label).sort();
}

describe('target methods and filters of a repository', () => {
  const nightly = `registry.targetMethod('nightly', (tasks, { params }) =>
    [...tasks.values()].filter((task) => task.attributes.nightly && isWantedByDefault(task, params)).map(({ label }) => label));`;

  it('choose by what they see of all tasks', async () => {
    expect(await labels(tree(nightly, { target_tasks_method: 'nightly' }))).toEqual(['a-one']);
    const filters = ['last', 'target_tasks_method'];
    const last = `registry.filter('last', (tasks) => [...tasks.keys()].slice(-1));`;
    expect(await labels(tree(last, { filters }))).toEqual(['a-two']);
  });

  it('are told when they give what is no task, or fail', async () => {
    const given = { target_tasks_method: 'mine' };
    expect(
      await failureText(() => labels(tree("registry.targetMethod('mine', () => ['a-won']);", given))),
    ).toMatchInlineSnapshot(`
      "
      taskcluster/mine.ts:2:17: error: target method "mine" gives "a-won", which is no task
        2 | export function register(registry) {
          |                 ~~~~~~~~
      configuration: one mistake in the configuration
      "
    `);
    expect(
      await failureText(() =>
        labels(tree("registry.targetMethod('mine', (tasks) => tasks.get('x').y);", given)),
      ),
    ).toContain('taskcluster/mine.ts:3:');
  });
});

describe('strategies of a repository', () => {
  const optimized = (strategy: string, argument: string) =>
    tasks
      .replace('{nightly: true}}', `{nightly: true}, optimization: {${strategy}: ${argument}}}`)
      .replace('two: {dep.*}', '');
  const own = `
    registry.strategy('weekdays', { removes: (task, params, argument) => argument.includes(params.project) && task.attributes.nightly });
    registry.strategy('any-of', { any: ['weekdays', 'never'] });
    registry.strategy('all-of', { all: ['weekdays', 'never'] });
    registry.strategy('split', { all: ['weekdays', 'weekdays'], split: (argument) => [['app'], argument] });
    registry.strategy('not-weekdays', { not: 'weekdays' });
    registry.strategy('alias', 'any-of');
    registry.strategy('nightly-index', { indexes: (task, argument) => ['nightly.' + argument] });
    registry.strategy('broken', { removes: (task) => task.nothing.at });`;
  const index: IndexReader = {
    findTasks: (paths) =>
      Promise.resolve(new Map(paths.filter((path) => path === 'nightly.x').map((path) => [path, 'T1']))),
    statuses: () =>
      Promise.resolve(new Map([['T1', { state: 'completed', expires: '2999-01-01T00:00:00.000Z' }]])),
  };
  const left = async (strategy: string, argument: string) => {
    const kind = optimized(strategy, argument).replace(/ {2}two:.*\n/, '');
    const wanted = tree(own, {}, kind);
    const { graph, replaced } = await compileWith(
      { ...wanted, request: { ...wanted.request, index } },
      'optimized',
    );
    return replaced.get('a-one') ?? graph.size;
  };

  it('remove, replace and are put together', async () => {
    // The task is a target, and no task needs it: it stays only when its strategy says so.
    expect(await left('weekdays', '[app]')).toBe(0);
    expect(await left('weekdays', '[other]')).toBe(1);
    expect(await left('any-of', '[app]')).toBe(0);
    expect(await left('all-of', '[app]')).toBe(1);
    expect(await left('split', '[app]')).toBe(0);
    expect(await left('split', '[other]')).toBe(1);
    expect(await left('not-weekdays', '[other]')).toBe(0);
    expect(await left('alias', '[app]')).toBe(0);
    expect(await left('nightly-index', 'x')).toBe('T1');
    expect(await left('nightly-index', 'y')).toBe(1);
    expect(await failureText(() => left('broken', 'null'))).toMatchInlineSnapshot(`
      "
      taskcluster/mine.ts:11:65: error: register of taskcluster/mine.ts failed: TypeError: Cannot read properties of undefined (reading 'at') (task one of kind a)
        11 |     registry.strategy('broken', { removes: (task) => task.nothing.at });
           |                                                                 ~
        taskcluster/kinds/a/kind.yml:11:38: the task
          11 |   one: {attributes: {nightly: true}, optimization: {broken: null}}
             |                                      ~~~~~~~~~~~~
      configuration: one mistake in the configuration
      "
    `);
  });

  it('stand in the place of others when the parameter optimize_strategies names them', async () => {
    const kind = optimized('skip-unless-changed', '[src]').replace(/ {2}two:.*\n/, '');
    const wanted = tree(
      "registry.strategy('own', 'always');",
      { optimize_strategies: 'mine:experimental' },
      kind,
    );
    const plugins = {
      'mine.ts': `${wanted.plugins!['mine.ts']}\nexport const experimental = { 'skip-unless-changed': { not: 'skip-unless-changed' } };`,
    };
    expect(await labels({ ...wanted, plugins }, 'optimized')).toEqual(['a-one']);
    expect(await labels({ ...wanted, request: {} }, 'optimized')).toEqual([]);
    expect(await failureText(() => labels(wanted, 'optimized'))).toMatchInlineSnapshot(`
      "
      error: taskcluster/mine.ts exports no "experimental" (parameters)
        hint: known: register
      configuration: one mistake in the configuration
      "
    `);
  });
});

describe('verifications and morphs of a repository', () => {
  it('see the graph of their phase, and report at the place of a task', async () => {
    const body = ['full', 'target', 'target-graph', 'optimized', 'morphed']
      .map(
        (phase) => `registry.verification('${phase}', (tasks, { report }) => {
        report({ severity: 'warning', message: '${phase} ' + tasks.size, task: tasks.get('a-two'), path: ['dependencies', 'one'] });
      });`,
      )
      .join('\n');
    const { warnings } = await compileWith(tree(body, { target_tasks_method: 'default' }), 'morphed');
    expect(warnings.map(({ message, place }) => [message, place?.line])).toEqual(
      ['full 2', 'target 2', 'target-graph 2', 'optimized 2', 'morphed 2'].map((message) => [message, 12]),
    );
    expect(
      await failureText(() =>
        compileWith(
          tree("registry.verification('full', (tasks) => { throw new Error('no ' + tasks.size); });"),
        ),
      ),
    ).toMatchInlineSnapshot(`
      "
      taskcluster/mine.ts:3:51: error: verification "full" of taskcluster/mine.ts failed: Error: no 2
        3 | registry.verification('full', (tasks) => { throw new Error('no ' + tasks.size); });
          |                                                   ~
      configuration: one mistake in the configuration
      "
    `);
  });

  it('change and add tasks', async () => {
    const body = `registry.morph((tasks) => [
      ...tasks.map((task) => (task.label === 'a-one' ? { ...task, task: { ...task.task, priority: 'high' } } : task)),
      { kind: 'report', label: 'report', task: { payload: {} }, dependencies: { one: tasks[0].taskId } },
    ]);`;
    const { graph, labelToTaskId } = await compileWith(tree(body), 'morphed');
    expect(graph.get(labelToTaskId.get('a-one')!)!.task['priority']).toBe('high');
    expect(graph.get(labelToTaskId.get('report')!)).toMatchObject({
      attributes: {},
      dependencies: { one: labelToTaskId.get('a-one') },
    });
    expect(
      await failureText(() => compileWith(tree('registry.morph(() => [{ label: 1 }]);'), 'morphed')),
    ).toContain('gives a task that is not right: "label" must be a text');
  });
});

describe('parameters of a repository', () => {
  const body = 'registry.parameters({ required: { channel: text }, optional: { train: text } });';

  it('must be there and right', async () => {
    expect(await labels(tree(body, { channel: 'beta' }))).toHaveLength(2);
    expect(await failureText(() => labels(tree(body, { train: 1 })))).toMatchInlineSnapshot(`
      "
      error: "train" must be a text, not 1 (parameters)
        hint: put quotes around it
      error: the key "channel" is missing (parameters)
      configuration: 2 mistakes in the configuration
      "
    `);
  });

  it('are decided by what config.yml names', async () => {
    const decide = async (plugin: string) => {
      const request = requestWith({
        ...tree(''),
        plugins: { 'mine.ts': plugin },
        config: '  decision-parameters: mine:decide\n',
      });
      const mistakes = new Mistakes({ strict: false });
      const config = readConfig(`${request.repository}/taskcluster`, 'taskcluster', mistakes)!;
      const decided = await decideParameters(config, request, mistakes);
      mistakes.check();
      return decided;
    };
    const plugin = `export async function decide(graphConfig, params) {
      return { ...params, channel: params.level === '1' ? 'try' : graphConfig['trust-domain'] };
    }`;
    expect(await decide(plugin)).toEqual({ ...parameters, channel: 'try' });
    expect(await failureText(() => decide('export const decide = () => null;'))).toContain(
      'null, not a mapping',
    );
  });
});

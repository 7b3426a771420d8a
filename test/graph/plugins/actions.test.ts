import { describe, expect, it } from 'vitest';
import type { Action, ActionServices } from '../../../src/graph/plugins/action.ts';
import type { GraphTask } from '../../../src/graph/task-graph.ts';
import { failureText, parameters } from '../core/work-tree.ts';
import { graphTask } from '../transforms/transform-context.ts';
import { compileWith, kindWith } from './plugin-tree.ts';

const publish = `registry.action({
  name: 'publish',
  title: ' Publish it ',
  symbol: 'pub',
  description: 'publishes',
  context: (params) => [{ kind: params.project }],
  available: (params) => params.level === '3',
  schema: (graphConfig) => ({ type: 'object', title: graphConfig['trust-domain'] }),
  async callback(call) {
    const graph = await call.fullTaskGraph();
    if (!Object.isFrozen(graph.get('a-one').task)) throw new Error('not frozen');
    const labels = [...graph.values()].filter((task) => task.attributes.os === call.input.os).map(({ label }) => label);
    const made = await call.createTasks(labels, (task) => ({ ...task, task: { ...task.task, priority: 'high' } }));
    call.tell('created ' + [...made.values()]);
    await call.rerunTask(call.taskId);
  },
});`;

async function register(action: string): Promise<Action> {
  const { registry } = await compileWith({
    kinds: { a: kindWith([], 'tasks: {one: {}}\n') },
    plugins: { 'mine.ts': `export function register(registry) {\n${action}\n}` },
    config: '  register: mine:register\n',
  });
  return registry.actions.get('publish')!;
}

/** What a callback did, in order. */
function services(done: unknown[]): ActionServices {
  const note = (...what: unknown[]): Promise<void> => Promise.resolve(void done.push(what));
  const tasks = [graphTask('a', 'one', { os: 'linux' }), graphTask('a', 'two', { os: 'mac' })];
  return {
    fullTaskGraph: () => Promise.resolve(new Map(tasks.map((task) => [task.label, task]))),
    labelToTaskId: () => Promise.resolve(new Map()),
    task: () => Promise.resolve({}),
    state: () => Promise.resolve('completed'),
    unresolvedTasks: () => Promise.resolve([]),
    createTasks(labels, change = (task: GraphTask) => task) {
      const wanted = tasks.filter(({ label }) => labels.includes(label));
      void note('create', ...wanted.map((task) => change(task).task['priority']));
      return Promise.resolve(new Map(wanted.map(({ label }) => [label, `id of ${label}`])));
    },
    createTask: () => note('createTask'),
    rerunTask: (taskId) => note('rerun', taskId),
    decide: ({ target_tasks_method: method }) => note('decide', method),
    cancelTask: () => note('cancel'),
    purgeCache: () => note('purge'),
    tell: (message) => void note('tell', message),
  };
}

function call(action: Action, done: unknown[]): Promise<void> {
  return action.callback({
    parameters,
    graphConfig: {} as never,
    input: { os: 'linux' },
    taskGroupId: 'group',
    taskId: 'task',
    services: services(done),
  });
}

describe('an action of a repository', () => {
  it('has defaults, and looks at parameters and configuration when it is asked', async () => {
    const action = await register(publish);
    expect(action).toMatchObject({
      title: 'Publish it',
      callbackName: 'publish',
      order: 10_000,
      permission: 'generic',
    });
    expect(action.context(parameters)).toEqual([{ kind: 'app' }]);
    expect(action.available(parameters)).toBe(false);
    expect(action.available({ ...parameters, level: '3' })).toBe(true);
    const config = { 'trust-domain': 'acme' } as never;
    expect(action.schema(config)).toEqual({ type: 'object', title: 'acme' });
    const plain = await register(publish.replace(/ {2}(context|available|schema).*\n/g, ''));
    expect([plain.context(parameters), plain.available(parameters), plain.schema(config)]).toEqual([
      [],
      true,
      null,
    ]);
  });

  it('does what its callback says', async () => {
    const done: unknown[] = [];
    await call(await register(publish), done);
    expect(done).toEqual([
      ['create', 'high'],
      ['tell', 'created id of a-one'],
      ['rerun', 'task'],
    ]);
  });

  it('tells where its callback fails', async () => {
    const action = await register(publish.replace('await call.rerunTask(call.taskId)', 'call.nothing.at'));
    expect(await failureText(() => call(action, []))).toMatchInlineSnapshot(`
      "
      taskcluster/mine.ts:16:20: error: action "publish" of taskcluster/mine.ts failed: TypeError: Cannot read properties of undefined (reading 'at')
        16 |     call.nothing.at;
           |                    ~
      configuration: the action "publish" failed
      "
    `);
  });

  it('keeps a name, a symbol and a permission that user interfaces and hooks can take', async () => {
    const told = (action: string) => failureText(() => register(action));
    expect(await told(publish.replace("'pub'", "''"))).toContain('must have 1 to 25 characters');
    expect(await told(publish.replace("symbol: 'pub',", "symbol: 'pub', permission: 'a/b',"))).toContain(
      'must have no "/"',
    );
    expect(await told(publish + publish)).toContain('action "publish" is there already');
    expect(await told(publish.replace("'publish'", "'retrigger'"))).toContain(
      'action "retrigger" is there already',
    );
  });
});

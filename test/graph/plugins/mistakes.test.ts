import { describe, expect, it } from 'vitest';
import { failureText } from '../core/work-tree.ts';
import { compileWith, kindWith } from './plugin-tree.ts';

const tasks = 'tasks:\n  one: {attributes: {}}\n  two:\n    attributes: {}\n';

function failure(plugin: string, step = 'mine.build:transforms'): Promise<string> {
  const kinds = { a: kindWith([step], tasks) };
  return failureText(() => compileWith({ kinds, plugins: { 'mine/build.ts': plugin } }));
}

describe('what is wrong with plugins', () => {
  it('names the Python file, the file to write and how it starts', async () => {
    const wanted = {
      kinds: {
        a: kindWith(['mine.build:transforms'], tasks),
        b: kindWith([], tasks).replace(/^loader: .*/, 'loader: mine:load'),
      },
      plugins: { 'mine/build.py': '', 'mine/__init__.py': '' },
    };
    expect(await failureText(() => compileWith(wanted))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:3:5: error: mine.build:transforms is Python, in taskcluster/mine/build.py, which is not run
        3 |   - mine.build:transforms
          |     ~~~~~~~~~~~~~~~~~~~~~
        hint: write taskcluster/mine/build.ts beside it, which starts so:
          import type { Transform } from 'caisson/plugin';
          
          export const transforms: Transform = function* (config, tasks) {
            for (const task of tasks) {
              // what the Python function does with a task
              yield task;
            }
          };
      taskcluster/kinds/b/kind.yml:1:1: error: mine:load is Python, in taskcluster/mine/__init__.py, which is not run
        1 | loader: mine:load
          | ~~~~~~~~~~~~~~~~~
        hint: write taskcluster/mine/index.ts beside it, which starts so:
          import type { Loader } from 'caisson/plugin';
          
          export const load: Loader = function* (config, tasks) {
            // tasks: those in "tasks" and "tasks-from" of kind.yml
            yield* tasks;
          };
      configuration: 2 mistakes in the configuration
      "
    `);
  });

  it('tells of modules and exports that there are not', async () => {
    const export_ = 'export const transforms = () => [];\n';
    expect(await failure(export_, 'mine.built:transforms')).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:3:5: error: there is no module for mine.built:transforms
        3 |   - mine.built:transforms
          |     ~~~~~~~~~~~~~~~~~~~~~
        hint: write taskcluster/mine/built.ts, or install the npm package it is in
      configuration: one mistake in the configuration
      "
    `);
    expect(await failure(export_, 'mine.build:transform')).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:3:5: error: taskcluster/mine/build.ts exports no "transform"
        3 |   - mine.build:transform
          |     ~~~~~~~~~~~~~~~~~~~~
        hint: did you mean "transforms"?
      configuration: one mistake in the configuration
      "
    `);
    expect(await failure(export_, '"@acme/nothing:transforms"')).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:3:5: error: the npm package of @acme/nothing is not there
        3 |   - "@acme/nothing:transforms"
          |     ~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: install it where the repository finds it
      configuration: one mistake in the configuration
      "
    `);
    expect(await failure(export_, '../mine/build:transforms')).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:3:5: error: there is no module for ../mine/build:transforms
        3 |   - ../mine/build:transforms
          |     ~~~~~~~~~~~~~~~~~~~~~~~~
        hint: a module of the repository is written with dots, an npm package by its name
      configuration: one mistake in the configuration
      "
    `);
    expect(await failure('export const transforms = 1;\n')).toMatchInlineSnapshot(`
      "
      taskcluster/mine/build.ts:1:14: error: "transforms" must be a function (config, tasks), or a list of such
        1 | export const transforms = 1;
          |              ~~~~~~~~~~
      configuration: one mistake in the configuration
      "
    `);
  });

  it('refuses a plugin that was written for another version of the interface', async () => {
    expect(
      await failure('export const apiVersion = 2;\nexport const transforms = () => [];\n'),
    ).toMatchInlineSnapshot(`
        "
        taskcluster/mine/build.ts:1:14: error: taskcluster/mine/build.ts needs version 2 of the plugin interface; this is 1
          1 | export const apiVersion = 2;
            |              ~~~~~~~~~~
          taskcluster/kinds/a/kind.yml:3:5: it is named here
            3 |   - mine.build:transforms
              |     ~~~~~~~~~~~~~~~~~~~~~
          hint: use a newer release of caisson
        configuration: one mistake in the configuration
        "
      `);
  });

  it('shows where a file is not TypeScript, or fails while it is loaded', async () => {
    expect(await failure('\nexport const transforms = (;\n')).toMatchInlineSnapshot(`
      "
      taskcluster/mine/build.ts:2:27: error: taskcluster/mine/build.ts cannot be loaded: ParseError: Unexpected token
        2 | export const transforms = (;
          |                           ~
        taskcluster/kinds/a/kind.yml:3:5: it is named here
          3 |   - mine.build:transforms
            |     ~~~~~~~~~~~~~~~~~~~~~
      configuration: one mistake in the configuration
      "
    `);
    expect(await failure("\nthrow new Error('not today');\n")).toMatchInlineSnapshot(`
      "
      taskcluster/mine/build.ts:2:7: error: taskcluster/mine/build.ts cannot be loaded: not today
        2 | throw new Error('not today');
          |       ~
        taskcluster/kinds/a/kind.yml:3:5: it is named here
          3 |   - mine.build:transforms
            |     ~~~~~~~~~~~~~~~~~~~~~
      configuration: one mistake in the configuration
      "
    `);
    expect(await failure("import './gone.ts';\n")).toMatchInlineSnapshot(`
      "
      taskcluster/mine/build.ts:1:1: error: taskcluster/mine/build.ts cannot be loaded: Cannot find module './gone.ts'
        1 | import './gone.ts';
          | ~
        taskcluster/kinds/a/kind.yml:3:5: it is named here
          3 |   - mine.build:transforms
            |     ~~~~~~~~~~~~~~~~~~~~~
      configuration: one mistake in the configuration
      "
    `);
  });

  it('shows where a plugin fails, and the task that it was at', async () => {
    const plugin = `
interface Wanted { name: string }

export function* transforms(config: unknown, tasks: Wanted[]) {
  for (const task of tasks) yield improve(task);
}

function improve(task: Wanted): Wanted {
  return task.name === 'two' ? null.improve(task) : task;
}
`;
    expect(await failure(plugin)).toMatchInlineSnapshot(`
      "
      taskcluster/mine/build.ts:9:37: error: transforms of taskcluster/mine/build.ts failed: TypeError: Cannot read properties of null (reading 'improve') (task two of kind a)
        9 |   return task.name === 'two' ? null.improve(task) : task;
          |                                     ~
        taskcluster/kinds/a/kind.yml:13:3: the task
          13 |   two:
             |   ~~~
      configuration: one mistake in the configuration
      "
    `);
  });

  it('refuses what is not JSON, once for each task', async () => {
    const plugin = (value: string) =>
      `export const transforms = (config, tasks) =>\n  tasks.map((task) => ({ ...task, attributes: { made: [${value}] } }));\n`;
    expect(await failure(plugin('new Date(0)'))).toMatchInlineSnapshot(`
      "
      taskcluster/mine/build.ts:1:14: error: transforms of taskcluster/mine/build.ts gives as "attributes.made.0" a date (task one of kind a, and 1 more)
        1 | export const transforms = (config, tasks) =>
          |              ~~~~~~~~~~
        taskcluster/kinds/a/kind.yml:12:9: the task
          12 |   one: {attributes: {}}
             |         ~~~~~~~~~~
        hint: use its text; in YAML a date is a text when it is in quotes
      configuration: one mistake in the configuration
      "
    `);
    for (const [value, what] of [
      ['undefined', 'undefined'],
      ['() => 1', 'a function'],
      ['new Map()', 'an instance of Map'],
      ['Number.NaN', 'NaN'],
      ['Symbol("x")', 'a symbol'],
    ]) {
      expect(await failure(plugin(value!))).toContain(`gives as "attributes.made.0`);
      expect(await failure(plugin(value!))).toContain(what);
    }
    expect(
      await failure('export const transforms = (config, [task]) => { task.own = task; return [task]; };'),
    ).toContain('"own" a part of itself');
    expect(await failure('export const transforms = () => undefined;')).toContain('undefined, not tasks');
    expect(await failure('export const transforms = () => [1];')).toContain('a number, not a mapping');
  });

  it('tells mistakes of tasks at their place in kind.yml', async () => {
    const plugin = `import { TaskError, keys, resolveKeyedBy, text, validate } from 'caisson/plugin';

const schema = keys({ required: { name: text }, optional: { flavour: text }, unknown: 'allowed' });

function* complain(config, tasks) {
  for (const task of tasks) {
    if (task.name === 'two') config.report({ severity: 'warning', message: 'two is late', path: ['flavour'] });
    resolveKeyedBy(task, 'flavour', { project: 'x' });
    if (task.flavour === 'lemon') throw new TaskError('too sour', { path: ['flavour'], hint: 'take sugar' });
    yield task;
  }
}
export const transforms = [validate(schema), complain];
`;
    const kind = (text: string) => ({ a: kindWith(['mine.build'], text) });
    const told = (text: string) =>
      failureText(() => compileWith({ kinds: kind(text), plugins: { 'mine/build.ts': plugin } }));
    expect(await told('tasks:\n  one: {flavour: 1}\n  two: {flavour: lemon}\n')).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:12:9: error: "flavour" must be a text, not 1 (task one of kind a)
        12 |   one: {flavour: 1}
           |         ~~~~~~~~~~
        hint: put quotes around it
      taskcluster/kinds/a/kind.yml:13:9: warning: two is late (task two of kind a)
        13 |   two: {flavour: lemon}
           |         ~~~~~~~~~~~~~~
      taskcluster/kinds/a/kind.yml:13:9: error: too sour (task two of kind a)
        13 |   two: {flavour: lemon}
           |         ~~~~~~~~~~~~~~
        hint: take sugar
      configuration: 2 mistakes in the configuration
      "
    `);
    expect(await told('tasks:\n  one:\n    flavour: {by-project: {y: z}}\n')).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:13:5: error: "flavour" must be a text, not a mapping (task one of kind a)
        13 |     flavour: {by-project: {y: z}}
           |     ~~~~~~~
      configuration: one mistake in the configuration
      "
    `);
  });

  it('finds the place of later mistakes through copies, new objects and tasks from nowhere', async () => {
    const plugin = `export const transforms = (config, tasks) => [
      ...tasks.map(({ name, ...task }) => ({ ...task, name: name + '-copy', priority: 'whenever' })),
      { ...JSON.parse(JSON.stringify(tasks[1])), extra: 1 },
      { name: 'nowhere' },
    ];`;
    expect(await failure(plugin)).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:3:5: error: the key "description" is missing (task nowhere of kind a)
        3 |   - mine.build:transforms
          |     ~~~~~~~~~~~~~~~~~~~~~
      taskcluster/kinds/a/kind.yml:3:5: error: the key "worker-type" is missing (task nowhere of kind a)
        3 |   - mine.build:transforms
          |     ~~~~~~~~~~~~~~~~~~~~~
      taskcluster/kinds/a/kind.yml:3:5: error: the key "run" is missing (task nowhere of kind a)
        3 |   - mine.build:transforms
          |     ~~~~~~~~~~~~~~~~~~~~~
      taskcluster/kinds/a/kind.yml:12:3: error: "priority" must be one of highest, very-high, high, medium, low, very-low, lowest, not "whenever" (task one of kind a)
        12 |   one: {attributes: {}}
           |   ~~~
      taskcluster/kinds/a/kind.yml:13:3: error: "priority" must be one of highest, very-high, high, medium, low, very-low, lowest, not "whenever" (task two of kind a)
        13 |   two:
           |   ~~~
      taskcluster/kinds/a/kind.yml:13:3: error: "extra" must be a mapping, not 1 (task two of kind a)
        13 |   two:
           |   ~~~
      configuration: 6 mistakes in the configuration
      "
    `);
  });
});

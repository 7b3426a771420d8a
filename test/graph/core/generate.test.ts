import { describe, expect, it } from 'vitest';
import { checkDependencies } from '../../../src/graph/check-graph.ts';
import type { CompileRequest } from '../../../src/graph/compile.ts';
import { generateTasks } from '../../../src/graph/generate.ts';
import { readConfiguration } from '../../../src/graph/load/configuration.ts';
import { Mistakes } from '../../../src/graph/mistakes.ts';
import { openRegistry } from '../../../src/graph/plugins/built-in.ts';
import type { Transform } from '../../../src/graph/transforms/transform.ts';
import { failureText, requestFor } from './work-tree.ts';

/** Makes a task of a draft as the real one does, as far as these tests look at it. */
const task: Transform = function* (context, drafts) {
  for (const { name, ...draft } of drafts) {
    const label = (draft.label as string | undefined) ?? `${context.kind}-${String(name)}`;
    yield { attributes: {}, ...draft, label, task: { payload: draft.payload ?? {} } };
  }
};

/** New objects, taken all at once and given out in the other order. */
const reversed: Transform = function* (_, drafts) {
  for (const draft of [...drafts].reverse()) yield draft;
};

const copies: Transform = function* (_, drafts) {
  for (const { copies: count = 1, ...draft } of drafts) {
    for (let i = 1; i <= Number(count); i++)
      yield structuredClone({ ...draft, name: `${String(draft.name)}-${i}` });
  }
};

const picky: Transform = function* (context, drafts) {
  for (const draft of drafts) {
    if (draft.flavour === undefined) yield draft;
    else context.report({ severity: 'error', message: 'no flavours', draft, path: ['flavour', 'of'] });
  }
};

const seen: Transform = function* (context, drafts) {
  for (const draft of drafts) yield { ...draft, sees: [...context.kindDependenciesTasks.keys()].join() };
};

const transforms = new Map<string, Transform>(
  Object.entries({ task, copies, picky, reversed, seen }).map(([name, transform]) => [
    `taskgraph.transforms.${name}`,
    transform,
  ]),
).set('taskgraph.transforms.run', function* (_, drafts) {
  yield* drafts;
});

async function generate(request: CompileRequest) {
  const mistakes = new Mistakes({ strict: false });
  const configuration = readConfiguration({ ...request, targetKinds: [] }, mistakes);
  const registry = { ...openRegistry(), transforms };
  const full = await generateTasks(
    configuration,
    { ...request, decisionTaskId: null, imagePins: new Map() },
    registry,
    mistakes,
  );
  mistakes.check();
  checkDependencies(full, mistakes);
  mistakes.check();
  return full;
}

const kind = (steps: string, rest: string) =>
  `loader: taskgraph.loader.transform:loader\ntransforms:\n${steps
    .split(' ')
    .map((step) => `  - taskgraph.transforms.${step}\n`)
    .join('')}${rest}`;

describe('making the tasks of all kinds', () => {
  it('merges defaults, keeps the order of the files and notes the kind', async () => {
    const request = requestFor(
      {
        a: 'task-defaults: {payload: {env: {A: 1}, list: [1]}}\ntasks:\n  z: {description: x}\n  10: {payload: {env: {A: 2}, list: [2]}}\ntasks-from: [more.yml]\n',
      },
      { files: { 'taskcluster/kinds/a/more.yml': 'task-defaults: {payload: {env: {B: 1}}}\nm: {}\n' } },
    );
    const { tasks } = await generate(request);
    expect([...tasks.keys()]).toEqual(['a-z', 'a-10', 'a-m']);
    expect([...tasks.values()].map((made) => made.task.payload)).toEqual([
      { env: { A: 1 }, list: [1] },
      { env: { A: 2 }, list: [1, 2] },
      { env: { A: 1, B: 1 }, list: [1] },
    ]);
    expect(tasks.get('a-z')).toMatchObject({
      kind: 'a',
      attributes: { kind: 'a' },
      dependencies: {},
      optimization: null,
    });
  });

  it('shows a kind the tasks of those it depends on, and no others', async () => {
    const request = requestFor({
      a: kind('seen task', 'kind-dependencies: [b]\ntasks: {x: {}}\n'),
      b: kind('task', 'tasks: {y: {}, x: {}}\n'),
      c: kind('task', 'tasks: {y: {}}\n'),
    });
    expect([...(await generate(request)).tasks.keys()]).toEqual(['b-y', 'b-x', 'a-x', 'c-y']);
  });

  it('finds the place of a mistake through copies, defaults and transforms that change the order', async () => {
    const request = requestFor({
      a: kind(
        'copies reversed picky task',
        'task-defaults:\n  flavour:\n    of: apple\ntasks:\n  one: {copies: 3}\n  two:\n    flavour: {of: pear}\n',
      ),
    });
    expect(await failureText(() => generate(request))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:9:5: error: no flavours (task one of kind a)
        9 |     of: apple
          |     ~~~~~~~~~
      taskcluster/kinds/a/kind.yml:13:15: error: no flavours (task two of kind a)
        13 |     flavour: {of: pear}
           |               ~~~~~~~~
      configuration: 2 mistakes in the configuration
      "
    `);
  });

  it('tells both places of two tasks with one label, and transforms that end too early', async () => {
    const request = requestFor({
      a: kind('task', 'tasks:\n  one: {}\n'),
      b: kind('task', 'tasks:\n  two: {label: a-one}\n'),
      c: kind('copies', 'tasks:\n  two: {}\n'),
    });
    expect(await failureText(() => generate(request))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/b/kind.yml:5:3: error: two tasks have the label "a-one"
        5 |   two: {label: a-one}
          |   ~~~
        taskcluster/kinds/a/kind.yml:5:3: the other one
          5 |   one: {}
            |   ~~~
      taskcluster/kinds/c/kind.yml:2:1: error: the transforms of kind "c" make no task definitions
        2 | transforms:
          | ~~~~~~~~~~
        hint: the last of them must be taskgraph.transforms.task:transforms
      configuration: 2 mistakes in the configuration
      "
    `);
  });

  it('tells of transforms and loaders that there are not', async () => {
    const request = requestFor({
      a: kind('taks job:transforms', ''),
      b: 'loader: mine.loader:loader\ntransforms:\n  - mine.transforms.thing:transforms\n',
      c: 'transforms: ["taskgraph.transforms.task:transforms"]\n',
    });
    expect(await failureText(() => generate(request))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:3:5: error: there is no transform taskgraph.transforms.taks
        3 |   - taskgraph.transforms.taks
          |     ~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: did you mean "taskgraph.transforms.task"?
      taskcluster/kinds/a/kind.yml:4:5: error: there is no transform taskgraph.transforms.job
        4 |   - taskgraph.transforms.job:transforms
          |     ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: since release 6 of taskgraph it is called taskgraph.transforms.run, and "jobs" are called "tasks"
      taskcluster/kinds/b/kind.yml:1:1: error: there is no loader mine.loader:loader
        1 | loader: mine.loader:loader
          | ~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: it is not one of the built-in loaders
      taskcluster/kinds/b/kind.yml:3:5: error: there is no transform mine.transforms.thing
        3 |   - mine.transforms.thing:transforms
          |     ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: it is not one of the built-in transforms
      taskcluster/kinds/c/kind.yml:1:14: error: taskgraph.transforms.task must not be listed: this kind's loader adds it
        1 | transforms: ["taskgraph.transforms.task:transforms"]
          |              ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: take it out, or use "loader: taskgraph.loader.transform:loader"
      configuration: 5 mistakes in the configuration
      "
    `);
  });

  it('tells of dependencies on what is no task, and of cycles', async () => {
    const tasks =
      'task-defaults:\n  dependencies: {image: docker-image-fedora}\ntasks:\n  build: {}\n  test:\n    dependencies:\n      build: a-biuld\n';
    expect(await failureText(() => generate(requestFor({ a: kind('task', tasks) })))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:5:18: error: there is no task "docker-image-fedora" to depend on (task build of kind a, and 1 more)
        5 |   dependencies: {image: docker-image-fedora}
          |                  ~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: image "fedora" needs a task of that name in kind "docker-image"
      taskcluster/kinds/a/kind.yml:10:7: error: there is no task "a-biuld" to depend on (task test of kind a)
        10 |       build: a-biuld
           |       ~~~~~~~~~~~~~~
        hint: did you mean "a-build"?
      configuration: 2 mistakes in the configuration
      "
    `);
    const cycle =
      'tasks:\n  a: {dependencies: {b: k-b}}\n  b: {dependencies: {c: k-c}}\n  c: {dependencies: {x: k-b}}\n';
    expect(await failureText(() => generate(requestFor({ k: kind('task', cycle) })))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/k/kind.yml:6:22: error: tasks depend on each other: k-b → k-c → k-b
        6 |   b: {dependencies: {c: k-c}}
          |                      ~~~~~~
        taskcluster/kinds/k/kind.yml:7:22: and here
          7 |   c: {dependencies: {x: k-b}}
            |                      ~~~~~~
      configuration: one mistake in the configuration
      "
    `);
  });
});

import { describe, expect, it } from 'vitest';
import { compileWith, kindWith, type Tree } from './plugin-tree.ts';

const tasks = 'tasks:\n  one: {flavour: apple}\n  two:\n    flavour: pear\n';

/** One plugin, named by kind `a`. */
function tree(plugin: string, rest: Partial<Tree> = {}): Tree {
  return {
    kinds: { a: kindWith(['my_transforms.flavours:transforms'], tasks) },
    plugins: { 'my_transforms/flavours.ts': plugin },
    ...rest,
  };
}

const attributes = `
  for (const { flavour, ...task } of tasks) yield { ...task, attributes: { flavour } };
};`;

async function flavours(wanted: Tree): Promise<unknown> {
  const { graph } = await compileWith(wanted);
  return [...graph.values()].map(({ label, attributes: made }) => [label, made['flavour']]);
}
const both = [
  ['a-one', 'apple'],
  ['a-two', 'pear'],
];

describe('transforms of a repository', () => {
  it('are TypeScript, and may be generators, functions, asynchronous or lists', async () => {
    const types = `import type { Transform } from 'caisson/plugin';\n`;
    const generator = `${types}export const transforms: Transform = function* (config, tasks) {${attributes}`;
    expect(await flavours(tree(generator))).toEqual(both);
    const asynchronous = `export const transforms = async function* (config, tasks) {${attributes}`;
    expect(await flavours(tree(asynchronous))).toEqual(both);
    const list = `
      enum Key { Flavour = 'flavour' }
      export const transforms = [
        (config, tasks) => tasks.map((task) => ({ ...task, attributes: { flavour: task[Key.Flavour] } })),
        async (config, tasks) => tasks.map(({ flavour, ...task }) => task),
      ];`;
    expect(await flavours(tree(list))).toEqual(both);
  });

  it('are found as .ts, .mjs and index.ts, may share modules and keep nothing between compilations', async () => {
    const shared = 'export const state = { calls: 0 };';
    const counting = `import { state } from './state.ts';
      export function* transforms(config, tasks) {
        for (const { flavour, ...task } of tasks) yield { ...task, attributes: { ...task.attributes, flavour: ++state.calls } };
      }`;
    const wanted: Tree = {
      kinds: { a: kindWith(['one.two', 'three:transforms'], tasks) },
      plugins: { 'one/two/index.ts': counting.replace('./state', '../state'), 'three.mjs': counting },
    };
    const files = {
      'taskcluster/one/state.ts': shared,
      'taskcluster/state.ts': `export * from './one/state.ts';`,
    };
    for (let i = 0; i < 2; i++)
      expect(await flavours({ ...wanted, request: { files } })).toEqual([
        ['a-one', 3],
        ['a-two', 4],
      ]);
  });

  it('come from npm packages that the repository has installed', async () => {
    const code = `export function* transforms(config, tasks) {${attributes.replace('};', '}')}`;
    const manifest = (name: string) =>
      JSON.stringify({ name, type: 'module', exports: { '.': './main.mjs', './sub': './sub.mjs' } });
    const files = {
      'node_modules/acme-plugin/package.json': manifest('acme-plugin'),
      'node_modules/acme-plugin/main.mjs': code,
      'node_modules/@acme/plugin/package.json': manifest('@acme/plugin'),
      'node_modules/@acme/plugin/sub.mjs': code,
    };
    for (const step of ['acme-plugin:transforms', '@acme/plugin/sub:transforms']) {
      expect(await flavours({ kinds: { a: kindWith([`'${step}'`], tasks) }, request: { files } })).toEqual(
        both,
      );
    }
  });

  it('cannot change what they only look at, nor what they have given away', async () => {
    const plugin = `
      export function* transforms(config, tasks) {
        for (const read of [config.params, config.graphConfig.workers.aliases, config.config.tasks.one, config])
          if (!Object.isFrozen(read)) throw new Error('not frozen');
        const shared = { flavour: 'none' };
        for (const { flavour, ...task } of tasks) {
          shared.flavour = flavour;
          yield { ...task, attributes: shared };
        }
        shared.flavour = 'changed';
      }`;
    expect(await flavours(tree(plugin))).toEqual(both);
  });

  it('see the finished tasks of other kinds', async () => {
    const plugin = `export function* transforms(config, tasks) {
      const seen = [...config.kindDependenciesTasks.values()].map(({ label, attributes }) => label + attributes.kind);
      for (const { flavour, ...task } of tasks) yield { ...task, attributes: { flavour: seen.join() } };
    }`;
    const kinds = {
      a: kindWith(['my_transforms.flavours'], `kind-dependencies: [b]\n${tasks}`),
      b: kindWith([], 'tasks: {x: {}}'),
    };
    expect(await flavours(tree(plugin, { kinds }))).toContainEqual(['a-one', 'b-xb']);
  });

  it('see 1.0 as the number 1, and leave it as it was written', async () => {
    const plugin = `export function* transforms(config, tasks) {
      for (const { flavour, ...task } of tasks) {
        if (task['task-context']['from-object'].version !== 1) throw new Error('no number');
        yield task;
      }
    }`;
    const kind = kindWith(
      ['my_transforms.flavours', 'taskgraph.transforms.task_context'],
      'tasks:\n  one: {description: "{version}", task-context: {from-object: {version: 1.0}, substitution-fields: [description]}}\n',
    );
    const { graph } = await compileWith(tree(plugin, { kinds: { a: kind } }));
    expect(graph.get('a-one')!.description).toBe('1.0');
  });
});

describe('loaders of a repository', () => {
  it('get the tasks of the file and give the first ones', async () => {
    const loader = `export function loader(config, tasks) {
      return [...tasks, ...Object.keys(config.config.more).map((name) => ({ ...tasks[0], name }))];
    }`;
    const kind = kindWith(['flavours'], `more: {three: 1}\n${tasks}`).replace(
      /^loader: .*/,
      'loader: mine:loader',
    );
    const plugins = {
      'mine.ts': loader,
      'flavours.ts': `export const transforms = function* (config, tasks) {${attributes}`,
    };
    expect(await flavours({ kinds: { a: kind }, plugins })).toEqual([...both, ['a-three', 'apple']]);
  });
});

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/graph/compile.ts';
import { failureText } from '../core/work-tree.ts';
import { compileWith, kindWith, requestWith, type Tree } from './plugin-tree.ts';

/** A repository whose config.yml names `register` of taskcluster/mine.ts, with this body. */
function tree(body: string, kinds: Tree['kinds'], rest: Partial<Tree> = {}): Tree {
  const source = `import { TaskError, text, listOf } from 'caisson/plugin';
import type { Register } from 'caisson/plugin';

export const register: Register = (registry) => {
${body}
};
`;
  return { kinds, plugins: { 'mine.ts': source }, config: '  register: mine:register\n', ...rest };
}

const bare = `registry.runUsing('bare', {
  implementations: ['docker-worker'],
  keys: { required: { commands: listOf(text) }, optional: { shell: text } },
  defaults: { shell: 'sh' },
  configure(config, task) {
    const { commands, shell } = task.run;
    if (commands.length === 0) throw new TaskError('nothing to do', { path: ['run', 'commands'] });
    return { ...task, worker: { ...task.worker, command: [shell, '-c', commands.join(' && ')] } };
  },
});`;

describe('what a repository registers', () => {
  it('is a run.using with keys of its own', async () => {
    const kind = (run: string) => ({
      a: kindWith([], `tasks:\n  one:\n    run: ${run}\n`).replace(/^ {2}run: .*\n/m, ''),
    });
    const { graph } = await compileWith(tree(bare, kind('{using: bare, commands: [a, b]}')));
    expect(graph.get('a-one')!.task).toMatchObject({ payload: { command: ['sh', '-c', 'a && b'] } });
    expect(
      await failureText(() => compileWith(tree(bare, kind('{using: bare, comands: [a]}')))),
    ).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:11:24: error: "run" needs the key "commands" (task one of kind a)
        11 |     run: {using: bare, comands: [a]}
           |                        ~~~~~~~
        hint: is "comands" meant to be it?
      configuration: one mistake in the configuration
      "
    `);
    expect(
      await failureText(() => compileWith(tree(bare, kind('{using: bare, commands: []}')))),
    ).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:11:24: error: nothing to do (task one of kind a)
        11 |     run: {using: bare, commands: []}
           |                        ~~~~~~~~
      configuration: one mistake in the configuration
      "
    `);
    const broken = bare.replace(
      "return { ...task, worker: { ...task.worker, command: [shell, '-c', commands.join(' && ')] } };",
      'return { ...task, extra: config.nothing.x };',
    );
    expect(
      await failureText(() => compileWith(tree(broken, kind('{using: bare, commands: [a]}')))),
    ).toMatchInlineSnapshot(`
      "
      taskcluster/mine.ts:12:47: error: run.using "bare" of taskcluster/mine.ts failed: TypeError: Cannot read properties of undefined (reading 'x') (task one of kind a)
        12 |     return { ...task, extra: config.nothing.x };
           |                                               ~
        taskcluster/kinds/a/kind.yml:10:3: the task
          10 |   one:
             |   ~~~
      configuration: one mistake in the configuration
      "
    `);
  });

  it('is the payload of a worker implementation', async () => {
    const body = `registry.payloadBuilder('push-worker', {
      keys: { required: { channel: text } },
      defaults: { channel: 'nightly' },
      build(config, task, definition) {
        return { payload: { channel: task.worker.channel, level: config.params.level },
          scopes: [...definition.scopes, 'push:' + task.worker.channel] };
      },
    });`;
    const kinds = {
      a: `loader: taskgraph.loader.transform:loader\ntransforms: [taskgraph.transforms.task]\ntasks:\n  one: {description: x, worker-type: pusher, worker: {}, scopes: [a]}\n  two: {description: x, worker-type: pusher, worker: {channel: 1}}\n`,
    };
    const config = '  register: mine:register\n  cached-task-prefix: x\n';
    const wanted = tree(body, kinds, { config });
    const alias =
      '    pusher: {provisioner: acme, implementation: push-worker, os: scriptworker, worker-type: push}\n';
    const withAlias = (one: Tree) => ({ ...one, aliases: alias });
    expect(await failureText(() => compileWith(withAlias(wanted)))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:5:55: error: "worker.channel" must be a text, not 1 (task two of kind a)
        5 |   two: {description: x, worker-type: pusher, worker: {channel: 1}}
          |                                                       ~~~~~~~~~~
        hint: put quotes around it
      configuration: one mistake in the configuration
      "
    `);
    const right = { a: kinds.a.replace('channel: 1', 'channel: beta') };
    const { graph } = await compileWith(withAlias(tree(body, right, { config })));
    expect(graph.get('a-one')!.task).toMatchObject({
      payload: { channel: 'nightly', level: '1' },
      scopes: ['a', 'push:nightly'],
    });
    expect(graph.get('a-two')!.task).toMatchObject({ payload: { channel: 'beta', level: '1' } });
    const useless = body.replace(/payload: \{.*?\},/, '');
    expect(await failureText(() => compileWith(withAlias(tree(useless, right, { config }))))).toContain(
      'a definition without "payload"',
    );
  });

  it('is an index type and a fetch type', async () => {
    const body = `
      registry.indexType('nightly', (config, task) => ({
        ...task, routes: [...(task.routes ?? []), 'index.' + config.graphConfig['trust-domain'] + '.nightly.' + task.index['job-name']] }));
      registry.fetchType('registry', {
        keys: { required: { package: text } },
        build: (config, fetch) => ({ command: ['get', fetch.package], artifactName: fetch.package + '.tar', digestData: [fetch.package] }),
      });`;
    const kinds = {
      a: kindWith([], 'tasks:\n  one: {index: {type: nightly, job-name: build}}\n'),
      fetch:
        'loader: taskgraph.loader.transform:loader\ntransforms: [taskgraph.transforms.fetch, taskgraph.transforms.run, taskgraph.transforms.task]\ntasks:\n  left-pad: {description: x, docker-image: debian, fetch: {type: registry, package: left-pad}}\n',
    };
    const images =
      '    images: {provisioner: acme, implementation: docker-worker, os: linux, worker-type: images}\n';
    const { graph } = await compileWith({ ...tree(body, kinds), aliases: images });
    expect(graph.get('a-one')!.task['routes']).toContain('index.acme.nightly.build');
    expect(graph.get('fetch-left-pad')!.attributes['fetch-artifact']).toBe('public/left-pad.tar');
    const wrong = { fetch: kinds.fetch.replace('package: left-pad', 'pakage: left-pad') };
    expect(
      await failureText(() => compileWith({ ...tree(body, wrong), aliases: images })),
    ).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/fetch/kind.yml:4:76: error: "fetch" needs the key "package" (task left-pad of kind fetch)
        4 |   left-pad: {description: x, docker-image: debian, fetch: {type: registry, pakage: left-pad}}
          |                                                                            ~~~~~~~~~~~~~~~~
        hint: is "pakage" meant to be it?
      configuration: one mistake in the configuration
      "
    `);
  });

  it('is what from-deps groups by and names after, and values for task-context', async () => {
    const body = `
      registry.groupBy('chunks', (config, tasks, size) => {
        const groups = [];
        for (let at = 0; at < tasks.length; at += size) groups.push(tasks.slice(at, at + size));
        return groups;
      });
      registry.setName('numbered', (config, tasks, primary, kind) => kind + '-' + tasks.indexOf(primary));
      registry.taskContext('place', (config, task) => ({ where: 'in ' + config.kind + ' ' + task.name }));`;
    const from = kindWith(
      ['taskgraph.transforms.from_deps', 'taskgraph.transforms.task_context'],
      'kind-dependencies: [a]\ntasks:\n  x:\n    description: "{where}"\n    from-deps: {group-by: {chunks: 2}, set-name: numbered, unique-kinds: false}\n    task-context: {from-custom: [place], substitution-fields: [description]}\n',
    );
    const kinds = { a: kindWith([], 'tasks: {one: {}, two: {}, three: {}}\n'), b: from };
    const { graph } = await compileWith(tree(body, kinds));
    const made = [...graph.values()].filter(({ kind }) => kind === 'b');
    expect(
      made.map(({ label, description, dependencies }) => [label, description, Object.values(dependencies)]),
    ).toEqual([
      ['b-a-0', 'in b a-0', ['a-one', 'a-two']],
      ['b-a-2', 'in b a-2', ['a-three']],
    ]);
    const wrong = { ...kinds, b: from.replace('[place]', '[plaice]') };
    expect(await failureText(() => compileWith(tree(body, wrong)))).toContain('did you mean "place"?');
  });

  it('is the shape of keys of config.yml', async () => {
    const body = "registry.config({ required: { 'release-train': text } });";
    const kinds = { a: kindWith([], 'tasks: {one: {}}\n') };
    expect(await failureText(() => compileWith(tree(body, kinds)))).toContain(
      'the key "release-train" is missing',
    );
    const wrong = requestWith(tree(body, kinds));
    appendFileSync(join(wrong.repository, 'taskcluster/config.yml'), 'release-train: [x]\n');
    expect(await failureText(() => compile(wrong, 'full'))).toMatchInlineSnapshot(`
      "
      taskcluster/config.yml:11:1: error: "release-train" must be a text, not a list
        11 | release-train: [x]
           | ~~~~~~~~~~~~~
      configuration: one mistake in the configuration
      "
    `);
  });

  it('is told when it is not right, at the line that registers it', async () => {
    const kinds = { a: kindWith([], 'tasks: {one: {}}\n') };
    const told = (body: string) => failureText(() => compileWith(tree(body, kinds)));
    expect(
      await told(
        "registry.runUsing('run-task', { implementations: ['docker-worker'], configure: (config, task) => task });",
      ),
    ).toMatchInlineSnapshot(`
      "
      taskcluster/mine.ts:5:12: error: run.using "run-task" is there already for docker-worker
        5 | registry.runUsing('run-task', { implementations: ['docker-worker'], configure: (config, task) => task });
          |            ~
      configuration: one mistake in the configuration
      "
    `);
    expect(await told("registry.targetMethod('default', () => []);")).toContain(
      'target method "default" is there already',
    );
    expect(await told("registry.runUsing('x', {});")).toContain('run.using needs the function "configure"');
    expect(await told("registry.verification('all', () => {});")).toContain('there is no phase "all"');
    expect(await told("registry.strategy('mine', 'skip-unless-changd');")).toContain(
      'did you mean "skip-unless-changed"?',
    );
    expect(
      await told("registry.strategy('mine', { not: 'other' }); registry.strategy('other', 'mine');"),
    ).toContain('is a part of itself');
    expect(await told("registry.action({ name: 'x' });")).toContain('an action needs the text "title"');
    expect(await told("registry.nonsense('x');")).toMatchInlineSnapshot(`
      "
      taskcluster/mine.ts:5:12: error: register of taskcluster/mine.ts failed: TypeError: registry.nonsense is not a function
        5 | registry.nonsense('x');
          |            ~
      configuration: one mistake in the configuration
      "
    `);
  });

  it('is Python no more', async () => {
    const kinds = { a: kindWith([], 'tasks: {one: {}}\n') };
    const config = '  register: acme_taskgraph:register\n';
    const plugins = { 'acme_taskgraph/__init__.py': 'def register(graph_config): pass\n' };
    expect(await failureText(() => compileWith({ kinds, config, plugins }))).toMatchInlineSnapshot(`
      "
      taskcluster/config.yml:8:3: error: acme_taskgraph:register is Python, in taskcluster/acme_taskgraph/__init__.py, which is not run
        8 |   register: acme_taskgraph:register
          |   ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: write taskcluster/acme_taskgraph/index.ts beside it, which starts so:
          import type { Register } from 'caisson/plugin';
          
          export const register: Register = (registry) => {
            // registry.runUsing('name', { … }), registry.targetMethod('name', …)
          };
      configuration: one mistake in the configuration
      "
    `);
  });
});

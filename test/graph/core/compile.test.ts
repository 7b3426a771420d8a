import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, type CompileRequest, type Phase, phases } from '../../../src/graph/compile.ts';
import { formatJson } from '../../../src/graph/output/format.ts';
import { failureText, parameters, requestFor } from './work-tree.ts';

const transforms =
  'transforms:\n  - taskgraph.transforms.run:transforms\n  - taskgraph.transforms.task:transforms\n';
const head = `loader: taskgraph.loader.transform:loader\n${transforms}`;

const kinds = {
  build: `${head}task-defaults:
  worker-type: linux
  worker: {docker-image: 'debian:12', max-run-time: 600}
tasks:
  app:
    description: builds the app
    run: {using: run-task, command: make}
  docs:
    description: builds the documentation
    run: {using: run-task, command: make docs}
    when: {files-changed: ['docs/**']}
`,
  test: `kind-dependencies: [build]
tasks:
  app:
    description: tests the app
    worker-type: linux
    dependencies: {build: build-app}
    worker: {docker-image: 'debian:12', max-run-time: 600}
    run: {using: run-task, command: make test}
`,
};

async function labels(phase: Phase, options: Partial<CompileRequest> = {}): Promise<string[]> {
  const { graph } = await compile(requestFor(kinds, options), phase);
  return [...graph.values()].map(({ label }) => label).sort();
}

describe('compiling a repository', () => {
  it('goes as far as the phase asked for', async () => {
    expect(await labels('full')).toEqual(['build-app', 'build-docs', 'test-app']);
    expect(await labels('target')).toEqual(['build-app', 'build-docs', 'test-app']);
    expect(await labels('optimized')).toEqual(['build-app', 'test-app']);
    const { removed, labelToTaskId, targets, graph } = await compile(requestFor(kinds), 'morphed');
    expect([removed, targets]).toEqual([['build-docs'], ['build-app', 'build-docs', 'test-app']]);
    const test = graph.get(labelToTaskId.get('test-app')!)!;
    expect(test.task.dependencies).toEqual([labelToTaskId.get('build-app')]);
  });

  it('compiles the tasks that are named, whatever changed, and what they need', async () => {
    expect(await labels('target-graph', { targets: ['test-app'] })).toEqual(['build-app', 'test-app']);
    expect(await labels('optimized', { targets: ['build-docs'] })).toEqual(['build-docs']);
    expect(await failureText(() => compile(requestFor(kinds, { targets: ['test-ap'] }), 'optimized'))).toBe(
      '\nusage: there is no task "test-ap"\n  hint: did you mean "test-app"?\n',
    );
  });

  it('refuses parameters that are none', async () => {
    const request = requestFor(kinds, {
      parameters: { ...parameters, level: 1 as unknown as string },
    });
    expect(await failureText(() => compile(request, 'full'))).toMatchInlineSnapshot(`
      "
      error: "level" must be a text, not 1 (parameters)
        hint: put quotes around it
      configuration: one mistake in the configuration
      "
    `);
  });

  it('tells mistakes in several tasks and files at once, each at its place', async () => {
    const request = requestFor({
      build: kinds.build
        .replace('command: make docs', 'comand: make docs')
        .replace('max-run-time: 600', 'max-run-time: ten'),
      test: kinds.test.replace('description', 'descripton'),
    });
    expect(await failureText(() => compile(request, 'full'))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/build/kind.yml:7:39: error: "worker.max-run-time" must be a whole number, not "ten" (task app of kind build)
        7 |   worker: {docker-image: 'debian:12', max-run-time: ten}
          |                                       ~~~~~~~~~~~~~~~~~
      taskcluster/kinds/build/kind.yml:14:28: error: "run" needs the key "command" (task docs of kind build)
        14 |     run: {using: run-task, comand: make docs}
           |                            ~~~~~~~~~~~~~~~~~
        hint: is "comand" meant to be it?
      taskcluster/kinds/test/kind.yml:4:5: error: the key "description" is missing (task app of kind test)
        4 |     descripton: tests the app
          |     ~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: is "descripton" meant to be it?
      configuration: 3 mistakes in the configuration
      "
    `);
  });

  it('tells a dependency on no task', async () => {
    const request = requestFor({
      ...kinds,
      test: kinds.test.replace('build: build-app', 'build: build-apps'),
    });
    expect(await failureText(() => compile(request, 'full'))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/test/kind.yml:6:20: error: there is no task "build-apps" to depend on (task app of kind test)
        6 |     dependencies: {build: build-apps}
          |                    ~~~~~~~~~~~~~~~~~
        hint: did you mean "build-app"?
      configuration: one mistake in the configuration
      "
    `);
  });

  it('tells a strategy that there is not where it stands', async () => {
    const optimization = 'description: tests the app\n    optimization: {skip-unles-changed: [a]}';
    const request = requestFor({
      ...kinds,
      test: kinds.test.replace('description: tests the app', optimization),
    });
    expect(await failureText(() => compile(request, 'optimized'))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/test/kind.yml:5:20: error: there is no optimization strategy "skip-unles-changed" (task app of kind test)
        5 |     optimization: {skip-unles-changed: [a]}
          |                    ~~~~~~~~~~~~~~~~~~
        hint: did you mean "skip-unless-changed"?
      configuration: one mistake in the configuration
      "
    `);
  });

  it('makes warnings errors when asked to', async () => {
    const request = requestFor({ ...kinds, test: `task-default: {}\n${kinds.test}` });
    const { warnings } = await compile(request, 'full');
    const loud = warnings.filter(({ severity }) => severity === 'warning');
    expect(loud.map(({ message }) => message)).toEqual(['unknown key "task-default" is ignored']);
    expect(await failureText(() => compile({ ...request, strict: true }, 'full'))).toContain(
      'did you mean "task-defaults"?',
    );
  });

  it('prints the same bytes whatever the order of tasks and keys in the files', async () => {
    const names = ['a', 'b', 'c', '10', '9'];
    const file = (order: readonly string[], keys: readonly string[]): string => {
      const lines: Record<string, (name: string) => string> = {
        description: (name) => `    description: makes ${name}\n`,
        'worker-type': () => '    worker-type: linux\n',
        worker: (name) =>
          `    worker: {max-run-time: 60, docker-image: debian:12, env: {Z: "1", A: ${JSON.stringify(name)}}}\n`,
        run: (name) => `    run: {using: run-task, command: make ${name}, use-caches: [npm, checkout]}\n`,
        when: () => '    when: {files-changed: [src]}\n',
      };
      const tasks = order.map((name) => `  "${name}":\n${keys.map((key) => lines[key]!(name)).join('')}`);
      return `${head}tasks:\n${tasks.join('')}`;
    };
    const keys = ['description', 'worker-type', 'worker', 'run', 'when'];
    const bytes = async (order: readonly string[], keyOrder: readonly string[], phase: Phase) => {
      const { graph } = await compile(
        requestFor({ b: file(order, keyOrder), a: file(order, keyOrder) }),
        phase,
      );
      return formatJson(graph);
    };
    const known = phases.slice(0, 3);
    const expected = new Map(
      await Promise.all(known.map(async (phase) => [phase, await bytes(names, keys, phase)] as const)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(names, { minLength: names.length }),
        fc.shuffledSubarray(keys, { minLength: keys.length }),
        fc.constantFrom(...known),
        async (order, keyOrder, phase) => {
          expect(await bytes(order, keyOrder, phase)).toBe(expected.get(phase));
        },
      ),
      { numRuns: 30 },
    );
  });
});

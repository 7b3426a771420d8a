import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { caisson, root } from '../support/caisson.ts';
import { TestRepository } from '../support/repository.ts';

const example = join(root, 'examples/plugin');

/** The example as a repository of its own. */
const exampleRepository = (): TestRepository => new TestRepository({}, example);

describe('a repository with plugins, built files', () => {
  it.each(['push', 'pull-request'])('compiles as its golden file says, for a %s', async (name) => {
    using repository = exampleRepository();
    const finished = caisson(repository, ['graph', 'full', '-J', '-p', `parameters/${name}.yml`]);
    expect(finished.stderr).toBe('');
    await expect(finished.stdout).toMatchFileSnapshot(`../golden/plugin-${name}.json`);
  });

  it('selects targets by the method that it registers', () => {
    using repository = exampleRepository();
    const targets = (name: string) =>
      caisson(repository, ['graph', 'target', '-p', `parameters/${name}.yml`]).stdout;
    expect(targets('push')).toBe('publish-site\ntest-unit\n');
    expect(targets('pull-request')).toBe('test-unit\n');
  });

  it('tells what a plugin does wrong, with exit code 65 and no stack', () => {
    using repository = exampleRepository();
    const plugin = 'taskcluster/example_taskgraph/transforms/by_tasks_for.ts';
    repository.write({
      [plugin]: 'export const transforms = (config, tasks) => tasks.map((task) => task.a.b);\n',
    });
    const finished = caisson(repository, ['graph', 'full', '-p', 'parameters/push.yml']);
    expect(finished.status).toBe(65);
    expect(finished.stderr).toContain(`${plugin}:1:`);
    expect(finished.stderr).not.toMatch(/^\s+at /m);
  });
});

describe('the types of caisson/plugin', () => {
  it('need no others, and are those of the example', () => {
    const types = readFileSync(join(root, 'dist/plugin.d.ts'), 'utf8');
    expect(types).not.toMatch(/\bfrom ['"]|import\(|reference types/);
    expect(typeCheck(example)).toBe('');
  });

  it('find what does not fit', () => {
    const folder = mkdtempSync(join(root, 'examples/.types-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'tsconfig.json'), readFileSync(join(example, 'tsconfig.json')));
    writeFileSync(
      join(folder, 'wrong.ts'),
      `import { keys, text, type Infer, type Register, type Transform } from 'caisson/plugin';
const schema = keys({ required: { name: text }, optional: { version: text } });
type Wanted = Infer<typeof schema>;
export const transforms: Transform<Wanted> = (config, tasks) => tasks.map(({ name, version }) => ({ name, version }));
export const wrong: Transform = (config, tasks) => 1;
export const register: Register = (registry) => registry.targetMethod('mine', () => [1]);
export const misspelled: Transform<Wanted> = (config, tasks) => tasks.map(({ nam }) => ({ nam }));
`,
    );
    const config = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8')) as Record<string, unknown>;
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, include: ['wrong.ts'] }));
    const lines = [...typeCheck(folder).matchAll(/wrong\.ts\((\d+),/g)].map(([, line]) => Number(line));
    expect(lines).toEqual([5, 6, 7]);
  });
});

function typeCheck(folder: string): string {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const done = spawnSync(process.execPath, [tsc, '-p', folder], { cwd: tmpdir(), encoding: 'utf8' });
  return done.stdout + done.stderr;
}

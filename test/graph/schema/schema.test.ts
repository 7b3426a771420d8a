import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, it, test } from 'vitest';
import { yaml11 } from '../../../src/graph/load/yaml-schema.ts';
import { type Document, schemaOf } from '../../../src/graph/schema/schema.ts';
import { corpusRepositories, yamlFiles } from '../../support/corpus.ts';

const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
const validators = { config: ajv.compile(schemaOf('config')), kind: ajv.compile(schemaOf('kind')) };

/** True, or where in the document it is wrong. */
function verdict(document: Document, text: string): true | string[] {
  const isRight = validators[document](load(text, { schema: yaml11, json: true }));
  return isRight || [...new Set(validators[document].errors!.map(({ instancePath }) => instancePath))];
}

const config = `trust-domain: acme
task-priority: {by-project: {app: high, default: low}}
workers: {aliases: {linux: {provisioner: p, implementation: docker-worker, os: linux, worker-type: w}}}
taskgraph: {repositories: {app: {name: App}}}
anchors: {free: 1}
`;
const kind = (task: string, head = '') =>
  `transforms: [taskgraph.transforms.run, taskgraph.transforms.task]\n${head}\ntasks:\n  a:\n    ${task}\n`;

describe('the schemas for editors', () => {
  it('take every file of repositories that compile', () => {
    const refused: string[] = [];
    for (const repository of corpusRepositories().filter((one) => !one.refused)) {
      for (const path of yamlFiles(repository)) {
        const name = /(config|kind)\.yml$/.exec(path)?.[1] as Document | undefined;
        if (name === undefined) continue;
        const found = verdict(name, readFileSync(join(repository.top, path), 'utf8'));
        if (found !== true) refused.push(`${repository.name}: ${path}: ${found[0]}`);
      }
    }
    // These have keys that mean nothing: the compiler warns of them too.
    const wrong =
      /unknown|docker-payload-level\d: taskcluster\/kinds\/raw|real-fxci-etl: taskcluster\/kinds\/test/;
    expect(refused.filter((one) => !wrong.test(one))).toEqual([]);
  });

  it.each([
    [
      'a worker by level',
      'run: {using: run-task, command: x}\n    worker-type: {by-level: {"3": a, default: b}}',
    ],
    ['defaults that a task completes', 'task-context: {from-object: {a: 1}}'],
    ['priorities that a template fills', 'priority: "{matrix[priority]}"\n    matrix: {priority: [low]}'],
    ['an artifact of a fetch', 'fetches: {fetch: [x, {artifact: y, extract: false}]}'],
    ['caches with a declared key', 'run: {use-caches: [checkout, {npm: {key: {files: [a]}}}]}'],
    ['keys of a plugin', 'run: {using: mine, whatever: 1}\n    worker: {mine: 2}'],
  ])('take %s', (_, task) => {
    expect(verdict('kind', kind(task))).toBe(true);
  });

  it('take any key of a task where a transform is not built in', () => {
    expect(verdict('kind', 'transforms: [mine:transforms]\ntasks: {a: {free: 1}}')).toBe(true);
  });

  it('take what a plugin may have registered', () => {
    for (const task of [
      'optimization: {sometimes: null}',
      'fetch: {type: svn, url: x}',
      'run: {using: bare, x: 1}',
    ])
      expect(verdict('kind', kind(task))).toBe(true);
  });

  test.each([
    ['descriptoin: x', '/tasks/a'],
    ['description: [x]', '/tasks/a/description'],
    ['worker: {max-run-time: long}', '/tasks/a/worker/max-run-time'],
    ['worker: {docker-image: x, envv: {}}', '/tasks/a/worker'],
    ['worker: {caches: [{name: x}]}', '/tasks/a/worker/caches/0'],
    ['run: {using: run-task, use-cache: false}', '/tasks/a/run'],
    ['run: {use-caches: [nmp]}', '/tasks/a/run/use-caches/0'],
    ['optimization: {always: null, never: null}', '/tasks/a/optimization'],
    ['dependencies: {self: x}', '/tasks/a/dependencies'],
    ['priority: urgent', '/tasks/a/priority'],
    ['fetch: {type: git, url: x}', '/tasks/a/fetch'],
    ['matrix: {python: 3}', '/tasks/a/matrix/python'],
    ['notify: {recipients: [{type: pigeon}]}', '/tasks/a/notify/recipients/0'],
  ])('refuse the task {%s}', (task, where) => {
    expect(verdict('kind', kind(task))).toContain(where);
  });

  test.each([
    [config.replace('trust-domain', 'trust-domian'), ''],
    [config.replace('default: low', 'default: lowish'), '/task-priority/by-project/default'],
    [config.replace('os: linux', 'oss: linux'), '/workers/aliases/linux'],
    [config.replace('{app: {name: App}}', '{}'), '/taskgraph/repositories'],
    [
      config.replace('repositories', 'run: {use-caches: [gradle]}, repositories'),
      '/taskgraph/run/use-caches/0',
    ],
  ])('refuse a config.yml %#', (text, where) => {
    expect(verdict('config', text)).toContain(where);
  });

  it('take that config.yml without the mistake', () => {
    expect(verdict('config', config)).toBe(true);
  });

  it('say in words what each key is for', () => {
    const { definitions } = schemaOf('kind') as unknown as {
      definitions: { anyTask: { properties: Record<string, { description?: string }> } };
    };
    const silent = Object.entries(definitions.anyTask.properties).filter(
      ([, { description }]) => !description,
    );
    expect(silent.map(([key]) => key)).toEqual(['task-from']);
  });
});

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CompileRequest } from '../../../src/graph/compile.ts';
import { readConfiguration } from '../../../src/graph/load/configuration.ts';
import { readImageLock } from '../../../src/graph/load/image-lock.ts';
import { Mistakes } from '../../../src/graph/mistakes.ts';
import { configYml, failureText, requestFor, workTree } from './work-tree.ts';

function read(request: CompileRequest, targetKinds: readonly string[] = []) {
  const mistakes = new Mistakes({ strict: request.strict ?? false });
  const configuration = readConfiguration({ ...request, targetKinds }, mistakes);
  return { configuration, warnings: mistakes.warnings };
}

const kindYml = 'tasks:\n  a: {description: x}\n';

describe('reading a configuration', () => {
  it('orders kinds after those they depend on, else by name', () => {
    const kind = (...kinds: string[]) => `kind-dependencies: [${kinds.join(', ')}]\n`;
    const request = requestFor({
      a: kind('c'),
      b: kind(),
      c: kind('b'),
      'docker-image': kind(),
      d: kind('a'),
    });
    const names = (targets: string[] = []) =>
      read(request, targets).configuration.kinds.map(({ name }) => name);
    expect(names()).toEqual(['b', 'c', 'a', 'd', 'docker-image']);
    expect(names(['c'])).toEqual(['b', 'c', 'docker-image']);
  });

  it('tells a YAML syntax error at its place', async () => {
    const request = requestFor({ build: 'tasks:\n  a:\n    description: x\n   run: {}\n' });
    expect(await failureText(() => read(request))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/build/kind.yml:4:4: error: the line is indented like none of those above
        4 |    run: {}
          |    ~~~~~~~
        hint: its first letter has to be below that of a line that it belongs with
      configuration: one mistake in the configuration
      "
    `);
  });

  it('tells that there is no config.yml', async () => {
    expect(await failureText(() => read({ ...requestFor({}), root: 'ci' }))).toMatchInlineSnapshot(`
      "
      configuration: there is no ci/config.yml
        hint: name the folder that has config.yml with -r
      "
    `);
    const repository = workTree({ 'taskcluster/ci/config.yml': configYml });
    expect(await failureText(() => read({ ...requestFor({}), repository }))).toMatchInlineSnapshot(`
      "
      configuration: there is no taskcluster/config.yml
        hint: taskcluster/ci is the layout of old releases of taskgraph: move its config.yml to taskcluster/config.yml and its kinds to taskcluster/kinds
      "
    `);
  });

  it('tells all that is wrong with config.yml', async () => {
    const config = configYml
      .replace('low', 'lowish')
      .replace('trust-domain', 'trust-domian')
      .replace('os: linux,', 'os: linux, colour: red,')
      .replace('{name: App}', '{nam: App}');
    expect(await failureText(() => read(requestFor({}, { config })))).toMatchInlineSnapshot(`
      "
      taskcluster/config.yml:1:1: error: the key "trust-domain" is missing
        1 | trust-domian: acme
          | ~~~~~~~~~~~~~~~~~~
        hint: is "trust-domian" meant to be it?
      taskcluster/config.yml:2:1: error: "task-priority" must be one of highest, very-high, high, medium, low, very-low, lowest, not "lowish"
        2 | task-priority: lowish
          | ~~~~~~~~~~~~~~~~~~~~~
        hint: did you mean "lowest"?
      taskcluster/config.yml:5:74: error: unknown key "colour" in "workers.aliases.linux"
        5 |     linux: {provisioner: acme, implementation: docker-worker, os: linux, colour: red, worker-type: 'linux-{level}'}
          |                                                                          ~~~~~~~~~~~
        hint: known: implementation, os, provisioner, worker-type
      taskcluster/config.yml:9:11: error: "taskgraph.repositories.app" needs the key "name"
        9 |     app: {nam: App}
          |           ~~~~~~~~
        hint: is "nam" meant to be it?
      configuration: 4 mistakes in the configuration
      "
    `);
  });

  it('tells several mistakes in several files at once', async () => {
    const request = requestFor(
      {
        bad: 'tasks: [a, b]\nkind-dependencies: [goood]\n',
        empty: '',
        good: kindYml,
        list: '- a\n',
        more: 'kind-dependencies: [goood]\ntasks:\n  a:\n  b: text\ntasks-from: [othr.yml]\n',
        'more-2': 'tasks-from: [other.yml]\n',
      },
      { files: { 'taskcluster/kinds/more/other.yml': '', 'taskcluster/kinds/more-2/other.yml': 'a: [b]\n' } },
    );
    expect(await failureText(() => read(request))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/bad/kind.yml:1:1: error: "tasks" must be a mapping, not a list
        1 | tasks: [a, b]
          | ~~~~~
      taskcluster/kinds/bad/kind.yml:2:21: error: there is no kind "goood"
        2 | kind-dependencies: [goood]
          |                     ~~~~~
        hint: did you mean "good"?
      taskcluster/kinds/empty/kind.yml:1:1: error: the file is empty; it must be a mapping of keys to values
        1 | 
          | ~
      taskcluster/kinds/list/kind.yml:1:1: error: the file is not a mapping; it must be a mapping of keys to values
        1 | - a
          | ~
      taskcluster/kinds/more/kind.yml:1:21: error: there is no kind "goood"
        1 | kind-dependencies: [goood]
          |                     ~~~~~
        hint: did you mean "good"?
      taskcluster/kinds/more/kind.yml:3:3: error: task "a" must be a mapping; it is empty
        3 |   a:
          |   ~~
      taskcluster/kinds/more/kind.yml:4:3: error: task "b" must be a mapping
        4 |   b: text
          |   ~~~~~~~
      taskcluster/kinds/more/kind.yml:5:14: error: there is no file taskcluster/kinds/more/othr.yml
        5 | tasks-from: [othr.yml]
          |              ~~~~~~~~
        hint: did you mean "other.yml"?
      taskcluster/kinds/more-2/other.yml:1:1: error: task "a" must be a mapping
        1 | a: [b]
          | ~
      configuration: 9 mistakes in the configuration
      "
    `);
  });

  it('tells which way a cycle of kinds goes', async () => {
    const request = requestFor({
      a: 'kind-dependencies: [b]\n',
      b: 'kind-dependencies:\n  - z\n  - c\n',
      c: 'kind-dependencies: [a]\n',
      z: kindYml,
    });
    expect(await failureText(() => read(request))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:1:21: error: kinds depend on each other: a → b → c → a
        1 | kind-dependencies: [b]
          |                     ~
        taskcluster/kinds/b/kind.yml:3:5: and here
          3 |   - c
            |     ~
        taskcluster/kinds/c/kind.yml:1:21: and here
          1 | kind-dependencies: [a]
            |                     ~
      configuration: one mistake in the configuration
      "
    `);
  });

  it('tells the new names of what older releases of taskgraph called otherwise', async () => {
    const request = requestFor({ a: 'jobs:\n  x: {}\njob-defaults: {}\n' });
    expect(await failureText(() => read(request))).toMatchInlineSnapshot(`
      "
      taskcluster/kinds/a/kind.yml:1:1: error: "jobs" is a key of taskgraph before release 6 and means nothing now
        1 | jobs:
          | ~~~~
        hint: it is called "tasks" now
      taskcluster/kinds/a/kind.yml:3:1: error: "job-defaults" is a key of taskgraph before release 6 and means nothing now
        3 | job-defaults: {}
          | ~~~~~~~~~~~~
        hint: it is called "task-defaults" now
      configuration: 2 mistakes in the configuration
      "
    `);
  });

  it('warns of keys that are nearly ours, and lets all others pass', async () => {
    const request = requestFor(
      { a: `task-default: {}\nmeta: {}\nonly-for: x\n${kindYml}` },
      { config: `${configYml}anchors: 1\n` },
    );
    expect(read(request).warnings).toMatchObject([
      {
        severity: 'warning',
        message: 'unknown key "task-default" is ignored',
        place: { file: 'taskcluster/kinds/a/kind.yml', line: 1, column: 1 },
        hint: 'did you mean "task-defaults"?',
      },
    ]);
    expect(await failureText(() => read({ ...request, strict: true }))).toContain(
      'error: unknown key "task-default"',
    );
  });

  it('refuses target kinds that there are not', async () => {
    expect(await failureText(() => read(requestFor({ build: kindYml }), ['biuld']))).toMatchInlineSnapshot(`
      "
      usage: there is no kind "biuld"
        hint: did you mean "build"?
      "
    `);
  });

  it('says so when what has to be a folder or a file is none', async () => {
    const files = { 'taskcluster/config.yml': configYml };
    const noFolder = { ...requestFor({}), repository: workTree({ ...files, 'taskcluster/kinds': '' }) };
    expect(await failureText(() => read(noFolder))).toContain('no folder that can be read: ENOTDIR');
    const noFile = workTree({ ...files, 'taskcluster/images.lock.json/x': '' });
    const mistakes = new Mistakes({ strict: false });
    expect(readImageLock(join(noFile, 'taskcluster'), 'taskcluster', mistakes).size).toBe(0);
    expect(await failureText(() => mistakes.check())).toContain(
      'images.lock.json is no file that can be read',
    );
  });

  it('tells a null byte at its place', async () => {
    const request = requestFor({ build: 'tasks:\n  a: \0\n' });
    expect(await failureText(() => read(request))).toContain(
      'kind.yml:2:6: error: a null byte stands in the file',
    );
  });
});

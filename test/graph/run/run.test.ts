import { describe, expect, it } from 'vitest';
import type { Draft } from '../../../src/graph/transforms/transform.ts';
import { runGit, workTree } from '../core/work-tree.ts';
import { runDrafts } from './run-drafts.ts';

const make = { using: 'run-task', command: 'make' };
const one = (draft: Draft, overrides = {}) => {
  const { drafts, mistakes } = runDrafts([draft], overrides);
  return { draft: drafts[0], mistakes };
};

describe('the run transform', () => {
  it('S10: gives a task description its label, worker and empty parts', () => {
    expect(one({ run: make }).draft).toMatchObject({
      label: 'work-a',
      tags: { os: 'linux', 'worker-implementation': 'docker-worker' },
      worker: { implementation: 'docker-worker', os: 'linux' },
      attributes: {},
      dependencies: {},
      'soft-dependencies': [],
      routes: [],
      scopes: [],
      extra: {},
    });
    expect(one({ run: make }).draft).not.toHaveProperty('run');
    expect(one({ run: make }).draft).not.toHaveProperty('name');
    expect(one({ run: make, label: 'mine' }).draft).toHaveProperty('label', 'mine');
  });

  it('S10: tells what is wrong with a description, and goes on with the others', () => {
    const { drafts, mistakes } = runDrafts([
      { name: 'bad', run: make, description: 3, routes: 'x' },
      { name: 'good', run: make },
    ]);
    expect(mistakes).toEqual([
      'description: "description" must be a text, not 3',
      'routes: "routes" must be a list, not "x"',
    ]);
    expect(drafts.map(({ label }) => label)).toEqual(['work-good']);
  });

  it.each([
    [{ run: { using: 'run-tsk' } }, 'run.using: there is no run.using "run-tsk"'],
    [
      { run: make, 'worker-type': 'always-optimized' },
      'run.using: run.using "run-task" is not possible on always-optimized',
    ],
    [{ run: make, 'worker-type': 'linx' }, 'worker-type: there is no worker alias "linx" in config.yml'],
    [
      { run: make, worker: { implementation: 'x' } },
      'worker.implementation: "implementation" follows from the worker type',
    ],
    [
      { run: make, when: { 'files-changed': ['a'] }, optimization: { always: null } },
      'when: "when" is an optimization too: only one of both can be',
    ],
    [{ run: { using: 'run-task' } }, 'run: "run" needs the key "command"'],
  ])('refuses %j', (draft, message) => {
    expect(one(draft).mistakes).toEqual([message]);
  });

  it('when files changed: the files of the kind are among them', () => {
    const when = { 'files-changed': ['src/**'] };
    const kind = 'taskcluster/kinds/kind';
    expect(one({ run: make, when, 'task-from': 'more.yml' }).draft).toHaveProperty('optimization', {
      'skip-unless-changed': ['src/**', `${kind}/kind.yml`, `${kind}/more.yml`],
    });
    expect(one({ run: make, when, 'task-from': 'kind.yml', optimization: null }).draft).toHaveProperty(
      'optimization',
      {
        'skip-unless-changed': ['src/**', `${kind}/kind.yml`],
      },
    );
    for (const nothing of [null, {}])
      expect(one({ run: make, when: nothing }).draft).not.toHaveProperty('when');
  });
});

describe('run.using: index-search and always-optimized', () => {
  const optimized = { 'worker-type': 'always-optimized' };

  it('take a task that there is', () => {
    const run = { using: 'index-search', 'index-search': ['project.{project}.level-{level}'] };
    expect(one({ run, ...optimized }).draft).toMatchObject({
      optimization: { 'index-search': ['project.repo.level-3'] },
      worker: { implementation: 'always-optimized' },
    });
    const wrong = { using: 'index-search', 'index-search': ['{projekt}'] };
    expect(one({ run: wrong, ...optimized }).mistakes[0]).toMatch(/^run\.index-search\.0: /);
    expect(one({ run: { using: 'always-optimized' }, ...optimized }).mistakes).toEqual([]);
  });
});

describe('run.using: toolchain-script', () => {
  const toolchain = {
    using: 'toolchain-script',
    script: 'build.sh',
    'toolchain-artifact': 'public/build/gcc.tar.zst',
    arguments: ['a b'],
    resources: ['lib/*'],
  };
  const repository = (): string => {
    const top = workTree({ 'taskcluster/scripts/toolchain/build.sh': '#!/bin/sh\n', 'lib/a': '1' });
    runGit(['init', '--quiet'], top);
    runGit(['add', '.'], top);
    return top;
  };
  const made = (settings: object, draft = {}) =>
    one(
      { run: { ...toolchain, ...settings }, name: 'gcc', ...draft },
      { kind: 'toolchain', repository: repository() },
    );

  it('runs a script of the checkout and publishes what it makes', () => {
    const { draft, mistakes } = made({ 'toolchain-alias': 'cc' });
    expect(mistakes).toEqual([]);
    expect(draft).toMatchObject({
      attributes: { 'toolchain-artifact': 'public/build/gcc.tar.zst', 'toolchain-alias': 'cc' },
      cache: { type: 'toolchains.v3', name: 'gcc' },
      worker: {
        'chain-of-trust': true,
        'docker-image': { 'in-tree': 'toolchain-build' },
        artifacts: [{ name: 'public/build', path: '/builds/worker/artifacts/', type: 'directory' }],
        env: { UPLOAD_DIR: '/builds/worker/artifacts/' },
      },
    });
    const { command } = draft!['worker'] as { command: string[] };
    expect(command.slice(-3)).toEqual(['--', 'vcs/taskcluster/scripts/toolchain/build.sh', 'a b']);
    const generic = made({}, { 'worker-type': 'mac' }).draft!['worker'] as { command: string[][] };
    expect(generic.command[1]!.at(-1)).toBe("vcs/taskcluster/scripts/toolchain/build.sh 'a b'");
  });

  it('is made anew when one of its inputs changes', () => {
    const digestOf = (settings: object): unknown => made(settings).draft!['cache'];
    expect(digestOf({})).toEqual(digestOf({}));
    const others = [{ arguments: [] }, { resources: [] }, { 'toolchain-artifact': 'public/other' }].map(
      digestOf,
    );
    for (const other of others) expect(other).not.toEqual(digestOf({}));
    expect(made({ resources: ['nothing/**'] }).mistakes).toEqual([
      'run.script: no file matches "nothing/**"',
    ]);
  });

  it('takes the settings of run-task, and looks at them', () => {
    expect(made({ 'use-caches': ['nmp'] }).mistakes).toEqual([
      'run.use-caches.0: there is no cache "nmp" of a tool',
    ]);
    expect(made({ argumens: [] }).mistakes).toEqual([
      'run.argumens: unknown key "argumens" in "run" is ignored',
    ]);
  });
});

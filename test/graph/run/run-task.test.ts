import { describe, expect, it } from 'vitest';
import { repository, runDrafts, workerOf } from './run-drafts.ts';

const mac = { 'worker-type': 'mac' };
const win = { 'worker-type': 'win' };
const lib = { ...repository, prefix: 'lib', name: 'Lib', path: 'vendor/lib', sshSecretName: 'key' };
const two = {
  repoConfigs: new Map([
    ['ci', repository],
    ['lib', lib],
  ]),
};
const mistakesOf = (settings: object, draft = {}, overrides = {}) =>
  runDrafts([{ run: { using: 'run-task', command: 'make', ...settings }, ...draft }], overrides).mistakes;

describe('run.using: run-task', () => {
  it('starts the command in a shell, or as the list that it is', () => {
    expect(workerOf({})['command']).toEqual([
      '/usr/local/bin/run-task',
      '--ci-checkout=/builds/worker/checkouts/vcs/.',
      '--',
      'bash',
      '-cx',
      'make',
    ]);
    expect(workerOf({ checkout: false, command: ['make', 'all'], 'run-as-root': true })['command']).toEqual([
      '/usr/local/bin/run-task',
      '--user',
      'root',
      '--group',
      'root',
      '--',
      'make',
      'all',
    ]);
    const reference = { 'task-reference': 'make <build>' };
    expect(
      workerOf({ checkout: false, command: reference, 'exec-with': 'powershell' })['command'],
    ).toContainEqual(reference);
  });

  it('on generic-worker fetches run-task first; on Windows it is one line', () => {
    const script = 'https://tc.example.com/api/queue/v1/task/<TASK_ID>/artifacts/public/run-task';
    const worker = workerOf({ cwd: '{checkout}/sub/..' }, mac);
    expect(worker['command']).toEqual([
      ['chmod', '+x', 'run-task'],
      [
        './run-task',
        '--ci-checkout=checkouts/vcs/.',
        '--task-cwd',
        'checkouts/vcs',
        '--',
        'bash',
        '-cx',
        'make',
      ],
    ]);
    expect(worker['mounts']).toContainEqual({ content: { url: script }, file: './run-task' });
    expect(workerOf({ checkout: false }, win)['command']).toEqual([
      'C:/mozilla-build/python3/python3.exe run-task -- bash -cx "make"',
    ]);
    expect(mistakesOf({ command: ['make', { 'task-reference': '<x>' }] }, win)).toEqual([
      'run.command: a command on Windows cannot hold a reference',
    ]);
    expect(mistakesOf({}, mac, { rootUrl: null })[0]).toContain('where Taskcluster is');
  });

  it('S13: tells run-task of the repository by environment', () => {
    const worker = workerOf({});
    expect(worker['taskcluster-proxy']).toBe(true);
    expect(worker['env']).toEqual({
      CI_BASE_REPOSITORY: 'https://example.com/base',
      CI_HEAD_REPOSITORY: 'https://example.com/head',
      CI_HEAD_REV: 'abc',
      CI_HEAD_REF: 'main',
      CI_REPOSITORY_TYPE: 'git',
      HG_STORE_PATH: '/builds/worker/checkouts/hg-store',
      MOZ_SCM_LEVEL: '3',
      REPOSITORIES: '{"ci":"Ci"}',
      VCS_PATH: '/builds/worker/checkouts/vcs',
    });
  });

  it('several repositories: those that are named, with what is changed, in a cache of their own', () => {
    const { drafts } = runDrafts(
      [{ run: { using: 'run-task', command: 'make', checkout: { lib: { head_rev: 'def' } } } }],
      two,
    );
    const worker = drafts[0]!['worker'] as Record<string, Record<string, unknown>>;
    expect(worker['env']).toMatchObject({ LIB_HEAD_REV: 'def', LIB_SSH_SECRET_NAME: 'key' });
    expect(drafts[0]!['scopes']).toEqual(['secrets:get:key']);
    expect(worker['caches']).toEqual([
      expect.objectContaining({
        name: 'checkouts-repos',
        checkout: { vcs: 'git', repositories: ['vendor/lib\tlib'], shallow: false },
      }),
    ]);
    expect(mistakesOf({}, {}, two)[0]).toContain('"checkout" has to name those wanted');
    expect(mistakesOf({ checkout: { libb: {} } }, {}, two)).toEqual([
      'run.checkout.libb: there is no repository "libb"',
    ]);
    expect(mistakesOf({ checkout: { lib: { path: 3 } } }, {}, two)).toEqual([
      'run.checkout.lib.path: "run.checkout.lib.path" must be a text',
    ]);
    expect(mistakesOf({ checkout: { lib: { constructor: 'x' } } }, {}, two)).toEqual([
      'run.checkout.lib.constructor: unknown key "constructor"',
    ]);
  });

  it('a working directory in the checkout needs one', () => {
    expect(mistakesOf({ checkout: false, cwd: '{checkout}' })).toEqual([
      'run.cwd: "cwd" is in the checkout, but the task has none',
    ]);
    expect(mistakesOf({ cwd: '{chekout}' })[0]).toMatch(/^run\.cwd: /);
  });

  it('warns of unknown keys', () => {
    expect(mistakesOf({ 'use-cache': true })).toEqual([
      'run.use-cache: unknown key "use-cache" in "run" is ignored',
    ]);
    expect(mistakesOf({ checkout: null })).toEqual([
      'run.checkout: "run.checkout" must be a mapping, not empty',
    ]);
  });
});

describe('caches of tools', () => {
  const cachesOf = (settings: object, overrides = {}) =>
    (workerOf(settings as Record<string, unknown>, {}, overrides)['caches'] ?? []) as Record<
      string,
      unknown
    >[];
  const layout = { vcs: 'git', repositories: ['.\tci'], shallow: false };

  it('S11: the checkout alone when nobody says more, with its layout', () => {
    expect(cachesOf({})).toEqual([
      {
        type: 'persistent',
        name: 'checkouts',
        'mount-point': '/builds/worker/checkouts',
        'skip-untrusted': false,
        checkout: layout,
      },
    ]);
    expect(cachesOf({ checkout: false })).toEqual([]);
    const command = ['/usr/local/bin/run-task', '--ci-shallow-clone'];
    expect(cachesOf({ 'run-task-command': command })[0]).toHaveProperty('checkout.shallow', true);
  });

  it('all, none or those that are named, with what the author says of each', () => {
    expect(cachesOf({ 'use-caches': true }).map(({ name }) => name)).toEqual([
      'cargo',
      'checkouts',
      'npm',
      'pip',
      'uv',
    ]);
    expect(cachesOf({ 'use-caches': false })).toEqual([]);
    const npm = { 'vary-on': ['wrapper', 'user'], key: { files: ['package-lock.json'] } };
    expect(cachesOf({ 'use-caches': ['pip', { npm }] })).toMatchObject([
      { name: 'npm', 'mount-point': '/builds/worker/.task-cache/npm', ...npm },
      { name: 'pip' },
    ]);
    expect(workerOf({ 'use-caches': ['uv'], workdir: '/w' })['env']).toMatchObject({
      UV_CACHE_DIR: '/w/.task-cache/uv',
    });
    expect(mistakesOf({ 'use-caches': ['nmp'] })).toEqual([
      'run.use-caches.0: there is no cache "nmp" of a tool',
    ]);
  });

  it('on generic-worker they are mounts', () => {
    expect(workerOf({ 'use-caches': ['checkout', 'npm'] }, mac)['mounts']).toMatchObject([
      { 'cache-name': 'checkouts', directory: 'checkouts', checkout: layout },
      { 'cache-name': 'npm', directory: '.task-cache/npm' },
      { file: './run-task' },
    ]);
  });
});

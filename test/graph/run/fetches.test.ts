import { describe, expect, it } from 'vitest';
import type { Draft, TransformContext } from '../../../src/graph/transforms/transform.ts';
import { byLabel, graphTask } from '../transforms/transform-context.ts';
import { runDrafts } from './run-drafts.ts';

const tool = graphTask('toolchain', 'gcc', {
  'toolchain-artifact': 'public/build/gcc.tar.zst',
  'toolchain-alias': ['cc', 'compiler'],
  'toolchain-env': { CC: 'gcc' },
});
const data = graphTask('fetch', 'data', { 'fetch-artifact': 'private/data.zip' });
const build = graphTask('build', 'app', { artifact_prefix: 'releng/build' });
const kindDependenciesTasks = byLabel(tool, data, build);

function fetching(fetches: unknown, draft: Draft = {}, overrides: Partial<TransformContext> = {}) {
  const run = { using: 'run-task', command: 'make', checkout: false };
  const made = runDrafts([{ run, fetches, ...draft }], { kindDependenciesTasks, ...overrides });
  const [first] = made.drafts;
  const worker = (first?.['worker'] ?? {}) as Record<string, unknown>;
  const env = (worker['env'] ?? {}) as Record<string, unknown>;
  const list = (env['MOZ_FETCHES'] as { 'task-reference': string } | undefined)?.['task-reference'];
  return { draft: first, mistakes: made.mistakes, worker, env, list };
}

describe('fetches', () => {
  it('become MOZ_FETCHES, compact and sorted, with a dependency on each task', () => {
    const { draft, env, list } = fetching({ toolchain: ['gcc'] });
    expect(list).toBe('[{"artifact":"public/build/gcc.tar.zst","extract":true,"task":"<toolchain-gcc>"}]');
    expect(draft!['dependencies']).toEqual({ 'toolchain-gcc': 'toolchain-gcc' });
    expect(env).toMatchObject({ CC: 'gcc', MOZ_FETCHES_DIR: 'fetches' });
    expect(draft).not.toHaveProperty('fetches');
  });

  it('by alias, and as they are asked for', () => {
    const { list } = fetching({
      toolchain: [{ artifact: 'compiler', dest: 'bin', extract: false, 'verify-hash': true }],
    });
    expect(JSON.parse(list!)).toEqual([
      {
        artifact: 'public/build/gcc.tar.zst',
        dest: 'bin',
        extract: false,
        task: '<toolchain-gcc>',
        'verify-hash': true,
      },
    ]);
  });

  it('of a dependency lie below its prefix; private ones need a scope and the proxy', () => {
    const { draft, worker, list } = fetching(
      { build: ['b.zip', { artifact: 'a/c.zip' }], fetch: ['data'] },
      { dependencies: { build: 'build-app' }, worker: { env: { MOZ_FETCHES_DIR: 'elsewhere' } } },
    );
    expect(JSON.parse(list!)).toEqual([
      { artifact: 'releng/build/a/c.zip', extract: true, task: '<build>' },
      { artifact: 'releng/build/b.zip', extract: true, task: '<build>' },
      { artifact: 'private/data.zip', extract: true, task: '<fetch-data>' },
    ]);
    expect(draft!['scopes']).toEqual([
      'queue:get-artifact:private/*',
      'queue:get-artifact:releng/build/*',
      'queue:get-artifact:releng/build/a/*',
    ]);
    expect(worker).toMatchObject({ 'taskcluster-proxy': true, env: { MOZ_FETCHES_DIR: 'elsewhere' } });
  });

  it('of tasks that are not there are told, with what is near', () => {
    expect(fetching({ toolchain: ['gc'] }).mistakes).toEqual([
      'fetches.toolchain: there is no task toolchain-gc to fetch from',
    ]);
    expect(fetching({ build: ['a'] }).mistakes).toEqual([
      'fetches.build: the task has no dependency "build" to fetch from',
    ]);
    expect(fetching({ build: ['a'] }, { dependencies: { build: 'build-ap' } }).mistakes).toEqual([
      'dependencies.build: there is no task build-ap to fetch from',
    ]);
    expect(fetching({ toolchain: [{ artefact: 'gcc' }] }).mistakes).toHaveLength(1);
  });

  it('of the same kind: a toolchain that needs another', () => {
    const run = { using: 'run-task', command: 'make', checkout: false };
    const drafts = [
      { name: 'a', run: { ...run, 'toolchain-artifact': 'public/a.tar', 'toolchain-alias': 'first' } },
      { name: 'b', run, fetches: { toolchain: ['first'] } },
    ];
    const made = runDrafts(drafts, { kind: 'toolchain' }).drafts.find(
      ({ label }) => label === 'toolchain-b',
    )!;
    expect(made['dependencies']).toEqual({ 'toolchain-a': 'toolchain-a' });
  });

  it('nothing, empty and null are the same', () => {
    for (const fetches of [{}, null])
      expect(fetching(fetches)).toMatchObject({ mistakes: [], list: undefined });
  });
});

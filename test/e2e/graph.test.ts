import { describe, expect, it } from 'vitest';
import { caisson, type Finished } from '../support/caisson.ts';
import { configYml, kindYml, TestRepository } from '../support/repository.ts';

const kind = 'taskcluster/kinds/work/kind.yml';
interface Compiled {
  readonly task: {
    readonly scopes: readonly string[];
    readonly payload: { readonly cache: Record<string, string>; readonly env: Record<string, string> };
    readonly extra: {
      readonly caisson: { readonly caches: Record<string, { readonly record: Record<string, unknown> }> };
    };
  };
}

function graph(text: string, ...args: readonly string[]): Finished {
  using repository = new TestRepository({
    'taskcluster/config.yml': configYml,
    [kind]: text,
    locked: 'one\n',
  });
  return caisson(repository, ['graph', 'full', '-J', ...args]);
}

function compiled(text: string): Compiled['task'] {
  const finished = graph(text);
  expect(finished.stderr).toBe('');
  return (JSON.parse(finished.stdout) as Record<string, Compiled>)['work-one']!.task;
}

const wrapped = kindYml({ one: 'true' });
const plain = `loader: taskgraph.loader.transform:loader
transforms: [taskgraph.transforms.task]
tasks:
  one:
    description: one
    worker-type: linux
    worker:
      docker-image: debian:12
      max-run-time: 60
      command: [make]
      caches: [{type: persistent, name: shared, mount-point: /shared}]
`;
const nameOf = (task: Compiled['task']): string => Object.keys(task.payload.cache)[0]!;

describe('caches of compiled tasks', () => {
  it('S8: names carry a digest of run-task, only where run-task is the command', () => {
    const [withWrapper, without] = [compiled(wrapped), compiled(plain)];
    expect(withWrapper.extra.caisson.caches[nameOf(withWrapper)]!.record['wrapper']).toMatch(
      /^[0-9a-f]{64}$/,
    );
    expect(without.extra.caisson.caches[nameOf(without)]!.record).not.toHaveProperty('wrapper');
    expect(without.extra.caisson.caches[nameOf(without)]!.record).not.toHaveProperty('user');
  });

  it('S9: a cache is in the payload, has a scope of its own and is told to run-task, sorted', () => {
    const more = wrapped.replace('caches: [', 'caches: [{name: a, mount-point: /builds/worker/a}, ');
    const { scopes, payload } = compiled(more);
    expect(payload.env['TASKCLUSTER_CACHES']).toBe('/builds/worker/a;/builds/worker/shared');
    expect([...scopes].sort()).toEqual(
      Object.keys(payload.cache)
        .map((name) => `docker-worker:cache:${name}`)
        .sort(),
    );
  });

  it('S10: a task description has a schema, and names in task-references are resolved or told', () => {
    const wrong = graph(
      wrapped
        .replace('worker-type: linux', 'worker-type: 3')
        .replace('max-run-time: 60', 'max-run-time: soon'),
    );
    expect(wrong.status).toBe(65);
    expect(wrong.stderr).toContain('worker-type');
    using repository = new TestRepository({
      'taskcluster/config.yml': configYml,
      [kind]: wrapped.replace(
        'docker-image: debian:12',
        "docker-image: debian:12\n    env: {ID: {task-reference: '<nothing>'}}",
      ),
    });
    const unresolved = caisson(repository, ['graph', 'optimized', '-J']);
    expect(unresolved.status).toBe(65);
    expect(unresolved.stderr).toContain('nothing');
  });

  it('S11: checkouts are for run-task alone, and deprecated names say what to use instead', () => {
    const taken = graph(plain.replace('name: shared', 'name: checkouts'));
    expect(taken.status).toBe(65);
    expect(taken.stderr).toContain('reserved for run-task');
    const old = graph(wrapped.replace('name: shared', 'name: checkouts-sparse-v2'));
    expect(old.status).toBe(0);
    expect(old.stderr).toMatch(/deprecated.*\n?[^]*use "checkouts"/);
  });

  it('S14: the trust level is in the name and in the scope', () => {
    const task = compiled(wrapped);
    expect(nameOf(task)).toMatch(/^test-level-3-shared-v1-[0-9a-f]{20}$/);
  });

  it('S16: an image is part of the name, so that different distributions do not meet in one cache', () => {
    const other = compiled(wrapped.replace('debian:12', 'fedora:42'));
    expect(nameOf(other)).not.toBe(nameOf(compiled(wrapped)));
  });

  it('vary on what the author declares, and on nothing that is empty', () => {
    const declared = wrapped.replace(
      '/builds/worker/shared}',
      '/builds/worker/shared, key: {files: [locked]}}',
    );
    expect(nameOf(compiled(declared))).not.toBe(nameOf(compiled(wrapped)));
    expect(graph(declared.replace('files: [locked]', 'files: [missing]')).stderr).toContain(
      'no file matches "missing"',
    );
    const narrowed = declared.replace('key: {files: [locked]}', 'vary-on: [wrapper, platform]');
    expect(graph(narrowed).stderr).toContain('vary-on must not leave out user');
  });

  it('two at one place, or one inside the other, are refused', () => {
    for (const place of ['/builds/worker/shared', '/builds/worker/shared/inner']) {
      const twice = wrapped.replace('caches: [', `caches: [{name: a, mount-point: ${place}}, `);
      expect(graph(twice).status).toBe(65);
    }
  });
});

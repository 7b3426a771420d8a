import { describe, expect, it } from 'vitest';
import { goodTask, verified } from './verified.ts';

const key = '-v1-0123456789abcdef0123';
const wrapper = ['/usr/local/bin/run-task', '--ci-checkout=/w/checkouts/vcs', '--', 'make'];

/** docker-worker's task with caches by name (trust domain, level and key are put around it). */
function docker(caches: Record<string, string>, command: unknown = wrapper, payload: object = {}): string[] {
  const full = Object.entries(caches).map(([name, place]) => [`domain-level-3-${name}${key}`, place]);
  const cache = Object.fromEntries(full) as Record<string, string>;
  return verified(goodTask('a', { payload: { image: 'debian:12', command, cache, ...payload } }));
}

function generic(caches: Record<string, string>, command: unknown): string[] {
  const mounts = Object.entries(caches).map(([name, directory]) => ({
    cacheName: `domain-level-3-${name}${key}`,
    directory,
  }));
  return verified(goodTask('a', { payload: { command, mounts } }));
}

describe('caches of the whole graph', () => {
  it('S9: caches beside each other, below trust domain and level, are right', () => {
    expect(docker({ checkouts: '/w/checkouts', npm: '/w/.task-cache/npm' })).toEqual([]);
    expect(
      generic({ checkouts: 'checkouts', npm: '.task-cache/npm' }, [['./run-task', '--', 'make']]),
    ).toEqual([]);
  });

  it('S11: checkouts* and tooltool-cache* are reserved for commands that are run-task', () => {
    const refusal = 'a: the cache "checkouts" is reserved for run-task';
    expect(docker({ checkouts: '/w' }, ['make'])).toEqual([refusal]);
    expect(docker({ checkouts: '/w' }, ['bash', '-c', 'run-task -- make'])).toEqual([refusal]);
    expect(generic({ checkouts: 'w' }, [['chmod', '+x', 'run-task'], ['make']])).toEqual([refusal]);
    expect(generic({ checkouts: 'w' }, ['echo ./run-task'])).toEqual([refusal]);
    expect(generic({ checkouts: 'w' }, ['C:/python3.exe run-task -- make'])).toEqual([]);
    expect(docker({ 'tooltool-cache': '/w' }, ['make'])).toContain(
      'a: the cache "tooltool-cache" is reserved for run-task',
    );
  });

  it.each(['tooltool-cache', 'level-tc-vcs', 'tc-vcs', 'checkouts-v2', 'checkouts-sparse-v2'])(
    'S11: the name %s is deprecated',
    (name) => {
      expect(docker({ [name]: '/w' })).toEqual([`warning, a: the cache name "${name}" is deprecated`]);
    },
  );

  it.each(['checkouts-dev1', 'checkouts', 'checkouts-repos', 'objects-v2'])('the name %s is not', (name) => {
    expect(docker({ [name]: '/w' })).toEqual([]);
  });

  it('S14: caches of another level or trust domain are refused', () => {
    for (const name of ['domain-level-1-a', 'other-level-3-a', 'a'])
      expect(verified(goodTask('a', { payload: { image: 'i', cache: { [name]: '/w' } } }))).toEqual([
        `a: the cache ${name} does not belong to this trust domain and level`,
      ]);
  });

  it('names with an image task in them are looked at too', () => {
    const name = `domain-level-3-checkouts${key}-<docker-image>`;
    const payload = { image: {}, command: ['make'], cache: { 'task-reference': { [name]: '/w' } } };
    expect(verified(goodTask('a', { payload }))).toEqual([
      'a: the cache "checkouts" is reserved for run-task',
    ]);
  });

  it('no two at one place, and none inside another', () => {
    expect(docker({ a: '/w/x', b: '/w/x/' })).toEqual(['a: two caches are mounted at /w/x']);
    expect(docker({ a: '/w/x', b: '/w/x/y/../y', c: '/w/xy' })).toEqual([
      'a: the cache at /w/x/y lies inside the cache at /w/x',
    ]);
    expect(generic({ a: '.', b: 'x' }, ['make'])).toEqual(['a: the cache at /x lies inside the cache at /']);
  });

  it("none is a checkout's root", () => {
    const refusal = "is a cache's root";
    expect(docker({ a: '/w/checkouts/vcs/' })[0]).toContain(refusal);
    expect(docker({ a: '/w/vcs' }, ['run-task', '--ci-checkout', '/w/vcs', '--', 'x'])[0]).toContain(refusal);
    expect(docker({ a: '/w/vcs' }, ['run-task', '--', 'x', '--ci-checkout=/w/vcs'])).toEqual([]);
    expect(generic({ a: './vcs' }, [['./run-task', '--ci-checkout=vcs', '--', 'x']])[0]).toContain(refusal);
  });

  it('every one is a volume of an image that is built here', () => {
    const built = (env: object) => docker({ a: '/w/a' }, wrapper, { image: { type: 'task-image' }, env });
    expect(built({ TASKCLUSTER_VOLUMES: '/w/b;/w/a' })).toEqual([]);
    const note = 'note, a: the cache at /w/a is no volume of the image';
    expect([built({ TASKCLUSTER_VOLUMES: '/w/b' }), built({})]).toEqual([[note], [note]]);
  });

  it('two records never share a name', () => {
    const withRecord = (label: string, record: object) =>
      goodTask(label, { extra: { caisson: { caches: { n: { record } } } } });
    expect(verified(withRecord('a', { b: 1, c: 2 }), withRecord('b', { c: 2, b: 1 }))).toEqual([]);
    expect(verified(withRecord('a', { b: 1 }), withRecord('b', { b: 2 }))).toEqual([
      'b: the cache n has another record than in a',
    ]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseName } from '../../../src/caches/name.ts';
import {
  type CacheOptions,
  type NamedCache,
  nameCaches,
  type WantedCache,
} from '../../../src/graph/caches/name-caches.ts';
import { fillerOf } from '../../../src/graph/caches/record-of.ts';
import type { TransformContext } from '../../../src/graph/transforms/transform.ts';
import { runGit, workTree } from '../core/work-tree.ts';
import { transformContext } from '../transforms/transform-context.ts';

const wanted: WantedCache = {
  shortName: 'objects',
  mountPoint: '/builds/objects',
  path: ['worker', 'caches', 0],
};
const docker: CacheOptions = {
  implementation: 'docker-worker',
  os: 'linux',
  command: ['/usr/local/bin/run-task', '--', 'make'],
  image: { kind: 'string', value: 'debian:12' },
};
const plain = { ...docker, command: ['make'] };
const params = transformContext().params;

function named(
  cache: Partial<WantedCache> = {},
  options: Partial<CacheOptions> = {},
  overrides: Partial<TransformContext> = {},
): { readonly cache: NamedCache | undefined; readonly mistakes: string[] } {
  const context = transformContext(overrides);
  const [first] = nameCaches(context, {}, [{ ...wanted, ...cache }], fillerOf({ ...docker, ...options }));
  return { cache: first, mistakes: context.mistakes.map(({ message }) => message) };
}

const nameOf = (...of: Parameters<typeof named>): string => named(...of).cache!.name;
const recordOf = (...of: Parameters<typeof named>): unknown => named(...of).cache!.record;

describe('the name of a cache', () => {
  it("has trust domain, level, the author's name and a key", () => {
    expect(parseName(nameOf())).toMatchObject({ trustDomain: 'domain', level: '3', name: 'objects' });
    expect(recordOf()).toEqual({
      protocol: 1,
      wrapper: 'ab'.repeat(32),
      image: 'image-tag:debian:12',
      platform: { implementation: 'docker-worker', os: 'linux' },
      user: 'worker:worker',
      mountPoint: '/builds/objects',
    });
  });

  it("S8: cache names carry run-task's digest only where run-task is the command", () => {
    const other = { wrapper: { 'run-task': 'cd'.repeat(32), 'fetch-content': 'ef'.repeat(32) } };
    expect(nameOf({}, {}, other)).not.toBe(nameOf());
    expect(nameOf({}, plain, other)).toBe(nameOf({}, plain));
    expect(recordOf({}, plain)).not.toHaveProperty('wrapper');
    expect(recordOf({}, plain)).not.toHaveProperty('user');
  });

  it('S14: level and trust are in it', () => {
    expect(nameOf({}, {}, { params: { ...params, level: '1' } })).toMatch(/^domain-level-1-objects-v1-/);
    const untrusted = { params: { ...params, tasks_for: 'github-pull-request-untrusted' } };
    expect(recordOf({}, {}, untrusted)).toHaveProperty('untrusted', true);
    expect(recordOf({}, {}, { params: { ...params, tasks_for: 'github-pull-request' } })).toEqual(recordOf());
  });

  it('S16: images of different distributions do not meet', () => {
    const digest = `debian@sha256:${'0'.repeat(64)}`;
    expect(recordOf({}, { image: { kind: 'string', value: digest } })).toHaveProperty('image', digest);
    expect(nameOf({}, { image: { kind: 'string', value: 'fedora:42' } })).not.toBe(nameOf());
    const inTree = named({}, { image: { kind: 'in-tree', name: 'build' } }).cache!;
    expect(inTree.name).toMatch(/-v1-[0-9a-f]{20}-<docker-image>$/);
    expect(inTree.record).not.toHaveProperty('image');
    const indexed = { kind: 'indexed', namespace: 'a.v2.image' } as const;
    expect(recordOf({}, { image: indexed })).toHaveProperty('image', 'index:a.v2.image');
  });

  it('every ingredient alone changes it, and order does not', () => {
    const checkout = { vcs: 'git', repositories: ['.\tci'], shallow: false };
    const names = [
      nameOf(),
      nameOf({ mountPoint: '/elsewhere' }),
      nameOf({ checkout }),
      nameOf({ checkout: { ...checkout, shallow: true } }),
      nameOf({ checkout: { ...checkout, repositories: ['a\tci'] } }),
      nameOf({ key: { strings: ['a'] } }),
      nameOf({}, { command: ['run-task', '--user', 'root', '--', 'make'] }),
      nameOf({}, { command: ['run-task', '--group=staff', '--', 'make'] }),
      nameOf({}, { implementation: 'generic-worker', command: [['./run-task', '--', 'make']] }),
      nameOf({}, { os: 'macosx' }),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(
      recordOf({}, { implementation: 'generic-worker', command: [['./run-task', '--', 'x']] }),
    ).toHaveProperty('user', 'task-user');
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), (order) => {
        const caches = order.map((i) => ({ ...wanted, shortName: `c${i}` }));
        const made = nameCaches(transformContext(), {}, caches, fillerOf(docker)).map(({ name }) => name);
        expect([...made].sort()).toEqual([0, 1, 2, 3, 4].map((i) => nameOf({ shortName: `c${i}` })).sort());
      }),
      { numRuns: 20 },
    );
  });
});

describe('what the author declares', () => {
  const repository = (): string => {
    const top = workTree({ 'a.lock': 'one', 'sub/b.lock': 'two', untracked: 'x' });
    runGit(['init', '--quiet'], top);
    runGit(['add', 'a.lock', 'sub'], top);
    return top;
  };

  it('key: files, strings and parameters are in the record with what they stand for', () => {
    const key = { files: ['sub/*', 'a.lock', '**/*.lock'], strings: ['debug'], parameters: ['project'] };
    const { cache } = named({ key }, {}, { repository: repository() });
    const { files, ...rest } = cache!.record.key!;
    expect(rest).toEqual({ strings: ['debug'], parameters: { project: 'repo' } });
    expect(Object.keys(files!)).toEqual(['a.lock', 'sub/b.lock']);
    expect(files!['a.lock']).toBe('7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed');
  });

  it.each([
    [{ files: ['missing/**'] }, '"key.files": no file matches "missing/**"'],
    [{ files: ['untracked'] }, '"key.files": no file matches "untracked"'],
    [{ files: [] }, '"key.files" has to be a list of strings that are not empty'],
    [{ strings: [''] }, '"key.strings" has to be a list of strings that are not empty'],
    [{ file: ['a'] }, 'unknown key "file" in "key"'],
    [{}, '"key" has to name files, strings or parameters'],
    [{ parameters: ['projekt'] }, 'there is no parameter "projekt", which "key" names'],
    [{ parameters: ['constructor'] }, 'there is no parameter "constructor", which "key" names'],
    [{ parameters: ['next_version'] }, 'the parameter "next_version" of "key" is empty'],
    [{ parameters: ['filters'] }, 'the parameter "filters" of "key" is empty'],
  ])('key: %j cannot be resolved, which is an error and never a shorter key', (key, message) => {
    expect(named({ key }, {}, { repository: repository() })).toEqual({
      cache: undefined,
      mistakes: [message],
    });
  });

  it('vary-on leaves out what it does not name, but never what keeps users and trust apart', () => {
    const varyOn = ['wrapper', 'user'];
    expect(recordOf({ varyOn })).toEqual({ protocol: 1, wrapper: 'ab'.repeat(32), user: 'worker:worker' });
    expect(recordOf({ varyOn: [] }, plain)).toEqual({ protocol: 1 });
    expect(named({ varyOn: ['wrapper', 'image'] }).mistakes).toEqual(['vary-on must not leave out user']);
    expect(named({ varyOn: [...varyOn, 'imge'] }).mistakes[0]).toContain('did you mean "image"');
    const untrusted = { params: { ...params, tasks_for: 'github-pull-request-untrusted' } };
    expect(named({ varyOn }, {}, untrusted).mistakes).toEqual(['vary-on must not leave out untrusted']);
  });
});

describe('what makes no name is told at its place', () => {
  it.each([
    [{ shortName: '' }, {}, '"" cannot be the name of a cache'],
    [{ shortName: 'a<decision>' }, {}, '"a<decision>" cannot be the name of a cache'],
    [
      { shortName: `a-v1-${'0'.repeat(20)}` },
      {},
      `"a-v1-${'0'.repeat(20)}" is a complete cache name already`,
    ],
    [{ mountPoint: '' }, {}, 'the mount point is empty, but the name of a cache depends on it'],
    [
      {},
      { image: { kind: 'string' as const, value: '' } },
      'the image is empty, but the name of a cache depends on it',
    ],
    [
      {},
      { command: ['run-task', '--user=', '--', 'make'] },
      'the user or group that run-task gives the command to is empty, but the name of a cache depends on it',
    ],
  ])('%j %j', (cache, options, message) => {
    expect(named(cache, options)).toEqual({ cache: undefined, mistakes: [message] });
  });

  it('and the other caches of the task are named', () => {
    const context = transformContext();
    const caches = [
      { ...wanted, mountPoint: '' },
      { ...wanted, path: ['worker', 'caches', 1] },
    ];
    expect(nameCaches(context, {}, caches, fillerOf(docker))).toHaveLength(1);
    expect(context.mistakes).toMatchObject([{ severity: 'error', path: ['worker', 'caches', 0] }]);
  });

  it('a name that another trust domain could have', () => {
    const { graphConfig } = transformContext();
    const overrides = { graphConfig: { ...graphConfig, 'trust-domain': 'a-level-3-b' } };
    expect(named({}, {}, overrides).mistakes).toEqual([
      'the trust domain "a-level-3-b" cannot begin the name of a cache',
    ]);
  });
});

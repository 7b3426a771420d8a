import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/caches/open-store.ts';
import type { Lease, Store } from '../../src/caches/store.ts';
import { requestOf } from '../caches/store-rig.ts';
import { caisson, type Finished } from '../support/caisson.ts';
import { configYml, TestRepository } from '../support/repository.ts';

const [npm, pip] = ['test-level-1-npm-v1-00000000000000000000', 'test-level-1-pip-v1-11111111111111111111'];
let repository: TestRepository;
let store: Store;

const cache = (...args: string[]): Finished => caisson(repository, ['cache', ...args]);
const json = (...args: string[]): unknown => JSON.parse(cache(...args, '--json').stdout);
const lease = (name: string, taskId: string, more = {}): Promise<Lease> =>
  store.lease(requestOf(name, { holder: { taskId, runId: 0, label: `label-${taskId}` }, ...more }));
const write = ({ mount }: Lease, file: string): void =>
  writeFileSync(join(mount.kind === 'bind' ? mount.source : mount.upper, file), file);
const commit = async (name: string, taskId: string): Promise<void> => {
  const run = await lease(name, taskId);
  write(run, taskId);
  await run.commit();
  await store.drain();
};

beforeEach(async () => {
  repository = new TestRepository({ 'taskcluster/config.yml': configYml });
  store = await openStore(join(repository.home, 'caches'), { backEnd: 'direct' });
});
afterEach(async () => {
  await store.drain();
  repository[Symbol.dispose]();
});

describe('caisson cache log', () => {
  it('tells in words what happened, to which cache and by whom', async () => {
    await commit(npm, 'one');
    await (await lease(npm, 'two')).rollBack('the task was cancelled');
    const lines = cache('log').stdout.split('\n');
    const about = lines
      .filter((line) => line.includes(npm) && !line.includes(' measured '))
      .map((line) => line.split(`${npm}: `)[1]);
    expect(about).toEqual([
      'label-one (one run 0) starts cold: never seen, at /files, direct',
      expect.stringMatching(/^label-one \(one run 0\) committed generation 1 of [0-9a-f]{16}$/),
      expect.stringMatching(
        /^label-two \(two run 0\) starts warm, generation 1, .* old, of [0-9a-f]{16}, at/,
      ),
      'label-two (two run 0) rolled back: the task was cancelled',
    ]);
  });

  it('can be narrowed to names and to a time', async () => {
    await commit(npm, 'one');
    await commit(pip, 'two');
    const named = json('log', '--name', '*-pip-*') as { caches: string[] }[];
    expect(new Set(named.flatMap(({ caches }) => caches))).toEqual(new Set([pip]));
    expect(json('log', '--since', '2000-01-01')).toEqual(json('log'));
    expect(json('log', '--since', '2999-01-01')).toEqual([]);
    expect(cache('log', '--since', 'yesterday')).toMatchObject({ status: 64, stdout: '' });
  });

  it('follows a task through every run that started from what it wrote, and purges exactly that', async () => {
    for (const task of ['good', 'bad', 'after']) await commit(npm, task);
    await commit(pip, 'other');
    const { status, stdout } = cache('log', '--tainted-by', 'bad');
    expect(status).toBe(0);
    expect(stdout).toMatch(/label-bad \(bad run 0\) +no\n.*label-after \(after run 0\) +yes\n/);
    expect(stdout).toContain('tasks that started from it:\n  label-after (after run 0)\n');
    expect(stdout).not.toMatch(/good|other/);
    const purged = cache('log', '--tainted-by', 'bad', '--purge', '--json');
    const { generations } = JSON.parse(purged.stdout) as {
      generations: { number: number; present: boolean }[];
    };
    expect(generations.map(({ number, present }) => [number, present])).toEqual([
      [2, false],
      [3, false],
    ]);
    expect((await store.list()).map(({ name }) => name)).toEqual([pip]);
    const next = await lease(npm, 'next');
    expect(next.warmth).toMatchObject({ state: 'cold', why: expect.stringContaining('tainted by task bad') });
    await next.rollBack('the test is over');
  });

  it('says that a task is unknown, and what --purge is for', () => {
    expect(cache('log', '--tainted-by', 'nobody')).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('the task nobody has used no cache here'),
    });
    expect(cache('log', '--purge')).toMatchObject({ status: 64 });
  });
});

describe('caisson cache verify', () => {
  it('is content with a store as it should be, and with runs under way', async () => {
    await commit(npm, 'one');
    const running = await lease(npm, 'two');
    expect(cache('verify')).toMatchObject({ status: 0, stdout: 'all is as the ledger says\n' });
    await running.rollBack('the test is over');
  });

  it('finds a tree that was changed behind its back, names its cache and says what to do', async () => {
    await commit(npm, 'one');
    const [directory] = (await store.list())[0]!.instances[0]!.directories;
    writeFileSync(join(directory!, 'smuggled'), '');
    const { status, stdout } = cache('verify');
    expect(status).toBe(1);
    expect(stdout).toContain(`${directory} of ${npm} is not as it was committed: it was changed`);
    expect(stdout).toContain(`caisson cache purge ${npm} gives it up now`);
  });

  it('finds an entry that was changed: every other command says so, gc begins anew', async () => {
    await commit(npm, 'one');
    const folder = join(repository.home, 'caches/ledger/000001');
    const entry = join(folder, readdirSync(folder).sort()[1]!);
    writeFileSync(entry, readFileSync(entry, 'utf8').replace('label-one', 'label-two'));
    expect(cache('verify')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        /entry 2 of epoch 1 was changed after it was written\n {2}hint: .*cache gc/,
      ),
    });
    expect(cache('log')).toMatchObject({ status: 69, stderr: expect.stringContaining('is damaged') });
    expect(cache('doctor').stdout).toContain('problem: the ledger in');
    expect(cache('gc').stdout).toContain('every cache is cold');
    expect(cache('verify')).toMatchObject({ status: 0 });
    expect(cache('doctor').stdout).toContain('an earlier ledger was damaged and is kept as ledger.damaged-');
  });

  it('names trees that nothing refers to, which are no problem', () => {
    mkdirSync(join(repository.home, 'caches/level-2/layers/00aa11bb22cc33dd'), { recursive: true });
    const { status, stdout } = cache('verify');
    expect(status).toBe(0);
    expect(stdout).toMatch(/note: nothing refers to .*00aa11bb22cc33dd\n {2}hint: .*cache gc/);
  });
});

describe('caisson cache gc', () => {
  it('deletes what nothing refers to; with --dry-run it only says so', async () => {
    await commit(npm, 'one');
    const path = join(repository.home, 'caches/level-1/layers/00aa11bb22cc33dd');
    mkdirSync(path, { recursive: true });
    expect(cache('gc', '--dry-run', '--min-free', '0').stdout).toContain(`would delete ${path}`);
    expect(readdirSync(path)).toEqual([]);
    expect(cache('gc', '--min-free', '0').stdout).toContain('deleted 1 trees that nothing refers to');
    expect(() => readdirSync(path)).toThrow('ENOENT');
    expect(cache('gc', '--min-free', '0').stdout).toBe('nothing to do\n');
  });

  it('evicts when less is free than asked for, but not everything, and why a cache is cold is told', async () => {
    await commit(npm, 'one');
    await commit(pip, 'two');
    await store.drain();
    const enough = ['--min-free', '1000TB'];
    const planned = (json('gc', '--dry-run', ...enough) as { evicted: { name: string; why: string }[] })
      .evicted;
    expect(planned).toHaveLength(1);
    expect(await store.list()).toHaveLength(2);
    const { evicted } = json('gc', ...enough) as { evicted: { name: string; why: string }[] };
    expect(evicted).toHaveLength(1);
    const [{ name, why }] = evicted as [{ name: string; why: string }];
    const next = await lease(name, 'next');
    expect(next.warmth).toMatchObject({ state: 'cold', why: expect.stringContaining(`evicted: ${why}`) });
    await next.rollBack('the test is over');
    expect(cache('why', 'label-next').stdout).toMatch(/evicted: disk below .* ago/);
  });

  it('says what a size looks like', () => {
    for (const size of ['much', '-1GB', '95%', '5 apples'])
      expect(cache('gc', `--min-free=${size}`)).toMatchObject({ status: 64, stdout: '' });
  });
});

describe('caisson cache doctor', () => {
  it('says which back end is used and why, what the disk is, and what is there by level', async () => {
    await commit(npm, 'one');
    await commit(npm.replace('level-1', 'level-3'), 'two');
    const elsewhere = await lease(pip, 'three', { level: '3' });
    write(elsewhere, 'x');
    await elsewhere.commit();
    await store.drain();
    const diagnosis = JSON.parse(
      caisson(repository, ['cache', 'doctor', '--json'], { CAISSON_CACHE_BACKEND: 'direct' }).stdout,
    ) as Record<string, unknown>;
    expect(diagnosis).toMatchObject({
      backEnd: 'direct',
      why: 'asked for',
      fileSystem: { mountPoint: expect.stringMatching(/^\//), options: expect.anything() },
      levels: [
        { level: '1', caches: 2, instances: 2, layers: 2, files: 2, openLeases: 0 },
        { level: '3', caches: 1, instances: 1, layers: 1, files: 1, openLeases: 0 },
      ],
      problems: [],
    });
    expect(cache('doctor').stdout).toMatch(/^back end +(overlay|direct) \(.+\)\n/);
  });

  it('finds what an older version and a killed process left', async () => {
    mkdirSync(join(repository.home, 'caches/names'), { recursive: true });
    const other = await openStore(join(repository.home, 'caches'), { owner: '1.1', backEnd: 'direct' });
    await other.lease(requestOf(npm));
    const { stdout } = cache('doctor');
    expect(stdout).toMatch(/problem: .*caches\/names are of an older version/);
    expect(stdout).toContain('problem: 1 leases of killed processes');
    expect(cache('gc').stdout).toMatch(/^rolled back .*\n(?:.*\n)*caches of an older version were deleted/);
    expect(cache('doctor').stdout).toContain('no problems');
  });
});

describe('caisson cache ls, show, why and purge', () => {
  it('purges by pattern, and nothing when a pattern fits nothing', async () => {
    for (const name of [npm, pip]) await commit(name, 'one');
    expect(cache('purge', '*-pip-*', '*-cargo-*')).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('no cache fits "*-cargo-*"'),
    });
    expect(await store.list()).toHaveLength(2);
    expect(json('purge', '*-p?p-*')).toEqual([{ name: pip, instances: 1 }]);
    expect((await store.list()).map(({ name }) => name)).toEqual([npm]);
  });

  it('lists bytes, files and generations of every instance', async () => {
    await commit(npm, 'one');
    await commit(npm, 'two');
    await store.drain();
    const { directories: _, ...instance } = (await store.list())[0]!.instances[0]!;
    expect(json('ls')).toEqual([
      { name: npm, trustDomain: 'test', level: '1', instances: [instance], filling: [] },
    ]);
    expect(instance).toMatchObject({ state: 'idle', generations: 2, files: 2 });
    expect(cache('ls').stdout).toMatch(new RegExp(`${npm} .* idle +2 +[\\d.]+ KB +2 +\\d{4}-`));
  });

  it('lists and purges what is only just being filled', async () => {
    const running = await lease(npm, 'one');
    expect(json('ls')).toMatchObject([{ name: npm, instances: [], filling: [{ taskId: 'one', runId: 0 }] }]);
    expect(cache('ls').stdout).toMatch(new RegExp(`${npm} +1 +- +filling +- +- +- +\\d{4}-`));
    expect(cache('show', npm).stdout).toContain('  being filled by label-one (one run 0) since 2');
    expect(json('purge', '*-npm-*')).toEqual([{ name: npm, instances: 1 }]);
    expect(await running.commit()).toMatchObject({
      kind: 'rolled-back',
      why: expect.stringContaining('purged'),
    });
  });

  it('says for the last run of a task what each cache was, and what became of it', async () => {
    await commit(npm, 'one');
    expect(cache('why', 'label-one').stdout).toMatch(
      /cold: never seen\n {2}afterwards: committed as generation 1/,
    );
    const running = await lease(npm, 'two');
    expect(cache('why', 'label-two').stdout).toContain('afterwards: the run goes on');
    await running.rollBack('the worker was stopped');
    expect(json('why', 'label-two')).toMatchObject([{ ending: 'rolled back: the worker was stopped' }]);
    expect(cache('why', 'label')).toMatchObject({ status: 64 });
  });

  it('tells of a history that was changed, which does not touch what is served', async () => {
    const short = await openStore(join(repository.home, 'caches'), { epochLength: 4, backEnd: 'direct' });
    for (let i = 0; i < 3; i++) {
      const run = await short.lease(requestOf(npm));
      write(run, String(i));
      await run.commit();
    }
    await short.drain();
    appendFileSync(join(repository.home, 'caches/ledger/000001.jsonl'), 'x');
    const { status, stdout } = cache('verify');
    expect(status).toBe(1);
    expect(stdout).toMatch(/history is damaged: .*\n {2}hint: what is served now is not affected/);
    expect(await store.list()).toHaveLength(1);
  });
});

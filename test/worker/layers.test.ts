import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { hasOverlay } from '../caches/store-rig.ts';
import { sandboxed } from '../support/caisson.ts';
import { WorkerRig } from './rig.ts';

const name = 'test-level-1-shared-v1-00000000000000000000';
const cache = { [name]: '/builds/worker/shared' };
const sh = (script: string): string[] => ['sh', '-c', script];

describe.skipIf(!sandboxed || !hasOverlay)('runs on layered caches (needs root, crun and overlayfs)', () => {
  const filled = async (rig: WorkerRig): Promise<void> => {
    await rig.create({
      cache,
      command: sh('mkdir shared/d; echo base > shared/d/base; chown 1000:1000 shared'),
    });
    await rig.work();
  };

  /** A worker whose home is a file system of 64 MB. */
  const smallDisk = async (): Promise<AsyncDisposable & { readonly rig: WorkerRig }> => {
    const prepare = (home: string): void => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'none', home]);
    };
    const rig = await WorkerRig.open({ prepare });
    return {
      rig,
      async [Symbol.asyncDispose]() {
        await rig.queue.close();
        execFileSync('umount', ['--lazy', rig.home]);
        rmSync(rig.home, { recursive: true });
      },
    };
  };

  describe('eight at once with one name', () => {
    const gates = mkdtempSync(join(tmpdir(), 'caisson-gates-'));
    afterAll(() => rmSync(gates, { recursive: true }));
    const first = "another run's changes came first";
    const full = 'there are 4 instances of it already';
    /** `dropped`: what is said to those whose changes are not kept. `instances`: how many generations each then has. */
    const rows = [
      { start: 'warm', onConflict: 'auto', instances: [2], dropped: Array(7).fill(first) },
      { start: 'warm', onConflict: 'own', instances: [1, 1, 1, 2], dropped: Array(4).fill(full) },
      { start: 'warm', onConflict: 'drop', instances: [2], dropped: Array(7).fill(first) },
      { start: 'cold', onConflict: 'auto', instances: [1, 1, 1, 1], dropped: Array(4).fill(full) },
      { start: 'cold', onConflict: 'own', instances: [1, 1, 1, 1], dropped: Array(4).fill(full) },
      { start: 'cold', onConflict: 'drop', instances: [1], dropped: Array(7).fill(first) },
    ] as const;

    it.each(rows)(
      'all start $start, apart from each other; what is kept with on-conflict $onConflict',
      {
        timeout: 60_000,
      },
      async ({ start, onConflict, instances, dropped }) => {
        const gate = mkdtempSync(join(gates, 'gate-'));
        await using rig = await WorkerRig.open({
          mounts: [{ source: gate, target: '/gate', readOnly: true }],
        });
        if (start === 'warm') await filled(rig);
        const before = start === 'warm' ? 'd' : '';
        const work = (i: number): string => `set -e; [ "$(ls shared)" = "${before}" ]; mkdir -p shared/d
        echo ${i} > shared/own-${i}; echo ${i} >> shared/d/base; mv shared/d shared/e
        echo ready; until [ -e /gate/open ]; do sleep 0.1; done
        [ "$(ls shared | tr '\\n' ' ')" = "e own-${i} " ]; [ "$(tail -n 1 shared/e/base)" = ${i} ]
        [ "$(wc -l < shared/e/base)" = ${start === 'warm' ? 2 : 1} ]`;
        const extra = { caisson: { caches: { [name]: { shortName: 'shared', record: null, onConflict } } } };
        for (let i = 0; i < 8; i++) await rig.create({ cache, command: sh(work(i)) }, { extra });
        rig.events.length = 0;
        const working = rig.work(8);
        const ready = (): number => rig.log.filter((line) => line === 'ready').length;
        await expect.poll(ready, { timeout: 40_000 }).toBe(8);
        writeFileSync(join(gate, 'open'), '');
        await working;

        const { failed, exception } = await rig.queue.countTasks(rig.taskGroupId);
        expect({ failed, exception }).toEqual({ failed: 0, exception: 0 });
        const use = start === 'warm' ? /^generation 1$/ : /^never seen$|^another task is just filling it$/;
        expect(rig.uses).toEqual(Array.from({ length: 8 }, () => expect.stringMatching(use)));
        expect(rig.log.flatMap((line) => line.split('not kept: ')[1] ?? [])).toEqual(dropped);
        const kept = (await rig.store.list())[0]!.instances;
        expect(kept.map(({ generations }) => generations).sort((a, b) => a - b)).toEqual(instances);
        const owners = kept.map(({ directories: [top] }) =>
          readdirSync(top!).filter((n) => n.startsWith('own-')),
        );
        // Of each run all or nothing, in one instance.
        expect(owners.map((names) => names.length)).toEqual(instances.map(() => 1));
        expect(new Set(owners.flat()).size).toBe(instances.length);
      },
    );
  });

  it('an artifact may lie in the cache, in any layer of it; nothing stays mounted', async () => {
    await using rig = await WorkerRig.open();
    await filled(rig);
    const artifacts = {
      'public/old': { type: 'file', path: '/builds/worker/shared/d/base' },
      'public/new': { type: 'file', path: '/builds/worker/shared/new' },
      'public/gone': { type: 'file', path: '/builds/worker/shared/d/gone' },
    };
    const taskId = await rig.create({ cache, artifacts, command: sh('echo new > shared/new') });
    await rig.work();
    const read = async (artifact: string) =>
      readFileSync(fileURLToPath(await rig.queue.artifactUrl(taskId, artifact)), 'utf8');
    expect([await read('public/old'), await read('public/new')]).toEqual(['base\n', 'new\n']);
    await expect(rig.queue.artifactUrl(taskId, 'public/gone')).rejects.toThrow('on-worker');
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(rig.home);
    expect(readdirSync(join(rig.home, 'caches/level-1/runs'))).toEqual([]);
  });

  it('several commands of one task see one cache', async () => {
    await using rig = await WorkerRig.open();
    const mounts = [{ cacheName: name, directory: 'shared' }];
    const scopes = [`generic-worker:cache:${name}`];
    const task = (...commands: string[]) =>
      rig.create({ image: undefined, command: commands.map(sh), mounts, maxRunTime: 60 }, { scopes });
    await task('echo one > shared/x', 'cat shared/x');
    await rig.work();
    await task('echo two >> shared/x', 'echo three >> shared/x', 'cat shared/x');
    await rig.work();
    expect((await rig.queue.countTasks(rig.taskGroupId)).completed).toBe(2);
    expect(rig.log.slice(-4)).toEqual(expect.arrayContaining(['one', 'two', 'three']));
    expect(rig.uses).toEqual(['never seen', 'generation 1']);
  });

  it('caches are evicted before others are leased when less is free than wanted, but not those', async () => {
    await using disk = await smallDisk();
    const { rig } = disk;
    const other = name.replace('shared', 'other');
    const limits = { least: { bytes: 1, inodes: 1 }, keepFree: { bytes: 40 * 1024 * 1024, inodes: 1 } };
    const use = async (cacheName: string, script: string): Promise<void> => {
      await rig.create({ cache: { [cacheName]: '/builds/worker/shared' }, command: sh(script) });
      await rig.work(1, 'oci', limits);
    };
    await use(name, 'head -c 30M /dev/zero > shared/big');
    await use(name, 'touch shared/again');
    await use(other, 'touch shared/small');
    await use(name, 'true');
    expect(rig.uses).toEqual([
      'never seen',
      'generation 1',
      'never seen',
      expect.stringMatching(/^evicted: disk below 42 MB, \d+ s ago$/),
    ]);
    const kinds = [...rig.store.entries()].map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'lease' || kind === 'evict')).toEqual([
      'lease',
      'lease',
      'evict',
      'lease',
      'lease',
    ]);
  });

  it('a task that fills the disk is stopped and told; the other goes on, the cache is as before', {
    timeout: 60_000,
  }, async () => {
    await using disk = await smallDisk();
    const { rig } = disk;
    await filled(rig);
    const full = await rig.create({
      cache,
      command: sh('dd if=/dev/zero of=shared/big bs=1M count=40; sleep 30'),
    });
    const other = await rig.create({ cache, command: sh('sleep 4; touch shared/other') });
    await rig.work(2, 'auto', { least: { bytes: 32 * 1024 * 1024, inodes: 10 } });
    expect((await rig.status(full)).state).toBe('failed');
    expect((await rig.status(other)).state).toBe('completed');
    expect(rig.log.find((line) => line.includes('the disk is nearly full'))).toMatch(
      /\d+ MB left, and this task has written most of all \(4\d MB in \d+ files\)/,
    );
    await rig.create({ cache, command: sh('ls shared') });
    await rig.work();
    expect(rig.log).toContain('other');
    expect(rig.log).not.toContain('big');
  });

  it.each(['shared/big', '/tmp/big'])(
    'others go on and say all of it while a task fills the disk at once, in %s',
    { timeout: 60_000 },
    async (big) => {
      await using disk = await smallDisk();
      const { rig } = disk;
      await filled(rig);
      const full = await rig.create({ cache, command: sh(`cat /dev/zero > ${big}; sleep 30`) });
      const other = await rig.create({
        cache,
        command: sh('for i in $(seq 300); do echo line $i; sleep 0.02; done; touch shared/other'),
      });
      await rig.work(2, 'auto');
      expect((await rig.status(full)).state).toBe('failed');
      expect((await rig.status(other)).state).toBe('completed');
      expect(rig.log.filter((line) => line.startsWith('line '))).toHaveLength(300);
      await rig.create({ cache, command: sh('ls shared') });
      await rig.work();
      expect(rig.log).toContain('other');
      expect(rig.log).not.toContain('big');
    },
  );
});

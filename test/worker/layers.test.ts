import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
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

  it('eight at once with one name all start warm, apart from each other; one continues the line', {
    timeout: 60_000,
  }, async () => {
    await using rig = await WorkerRig.open();
    await filled(rig);
    for (let i = 0; i < 8; i++) {
      const script = `set -e; touch shared/own-${i}; mv shared/d shared/e; sleep 1; [ "$(ls shared)" = "e
own-${i}" ]; cat shared/e/base`;
      await rig.create({ cache, command: sh(script) });
    }
    await rig.work(8);
    expect((await rig.queue.countTasks(rig.taskGroupId)).completed).toBe(9);
    expect(rig.uses).toEqual(['never seen', ...Array.from({ length: 8 }, () => 'generation 1')]);
    expect((await rig.store.list())[0]!.instances).toMatchObject([
      { state: 'idle', generations: 2, layers: 2 },
    ]);
    expect(
      rig.log.filter((line) => line.includes("not kept: another run's changes came first")),
    ).toHaveLength(7);
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

  it('a task that fills the disk is stopped and told; the other goes on, the cache is as before', {
    timeout: 60_000,
  }, async () => {
    let place = '';
    await using rig = await WorkerRig.open({
      prepare(home) {
        place = home;
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'none', home]);
      },
    });
    try {
      await filled(rig);
      const full = await rig.create({
        cache,
        command: sh('dd if=/dev/zero of=shared/big bs=1M count=40; sleep 30'),
      });
      const other = await rig.create({ cache, command: sh('sleep 4; touch shared/other') });
      await rig.work(2, 'auto', { bytes: 32 * 1024 * 1024, inodes: 10 });
      expect((await rig.status(full)).state).toBe('failed');
      expect((await rig.status(other)).state).toBe('completed');
      expect(rig.log.find((line) => line.includes('the disk is nearly full'))).toMatch(
        /\d+ MB left, and this task has written most of all \(4\d MB in \d+ files\)/,
      );
      await rig.create({ cache, command: sh('ls shared') });
      await rig.work();
      expect(rig.log).toContain('other');
      expect(rig.log).not.toContain('big');
    } finally {
      await rig.queue.close();
      execFileSync('umount', ['--lazy', place]);
    }
  });
});

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/caches/open-store.ts';
import type { BackEnd, Store } from '../../src/caches/store.ts';
import { hasOverlay, inside, requestOf, why } from './store-rig.ts';

const backEnds: readonly BackEnd[] = ['direct', 'overlay'];

/** A file system of 2 MB in memory. */
class SmallDisk implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'caisson-small-'));
  readonly root = join(this.folder, 'caches');
  readonly #filler = join(this.folder, 'filler');

  #store: Store | undefined;

  constructor() {
    run('mount', '-t', 'tmpfs', '-o', 'size=2m,nr_inodes=300', 'none', this.folder);
    mkdirSync(this.root);
  }

  fill(): void {
    while (free(this.folder) > 0) writeFileSync(this.#filler, Buffer.alloc(4096), { flag: 'a' });
  }

  makeRoom(): void {
    truncateSync(this.#filler, 0);
  }

  remount(option: 'ro' | 'rw'): void {
    run('mount', '-o', `remount,${option}`, this.folder);
  }

  async open(backEnd: BackEnd): Promise<Store> {
    this.#store = await openStore(this.root, { backEnd });
    return this.#store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.drain();
    run('umount', '--lazy', this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe.skipIf(!hasOverlay).each(backEnds)('a full disk, %s (needs root and overlayfs)', (backEnd) => {
  it('is told, the run is rolled back, and everything goes on when there is room', async () => {
    await using disk = new SmallDisk();
    const store = await disk.open(backEnd);
    await store.reconcile();
    const first = await store.lease(requestOf('a'));
    inside(first, 'touch good');
    await first.commit();
    await store.drain();
    const running = await store.lease(requestOf('a'));
    inside(running, 'touch half');
    const idle = await store.lease(requestOf('b'));
    disk.fill();
    await expect(store.lease(requestOf('c'))).rejects.toThrow('is full (ENOSPC)');
    // The reserve serves to say so.
    await running.rollBack('the disk is full');
    expect((await store.list())[0]?.instances ?? []).toHaveLength(backEnd === 'overlay' ? 1 : 0);
    disk.fill();
    await idle.rollBack('the disk is full');
    await store.drain();
    disk.makeRoom();
    await store.reconcile();
    expect((await store.diagnose()).openLeases).toBe(0);
    expect(await store.verify()).toEqual([]);
    const after = await store.lease(requestOf('a'));
    expect(why(after)).toMatch(backEnd === 'overlay' ? /^generation 1$/ : /^rolled back: the disk is full/);
  });

  it('that becomes read-only is told, and nothing is lost or stuck afterwards', async () => {
    await using disk = new SmallDisk();
    const store = await disk.open(backEnd);
    const first = await store.lease(requestOf('a'));
    inside(first, 'touch good');
    await first.commit();
    await store.drain();
    const running = await store.lease(requestOf('b'));
    disk.remount('ro');
    await expect(store.lease(requestOf('c'))).rejects.toThrow('cannot be written (EROFS)');
    await expect(running.commit()).rejects.toThrow('cannot be written (EROFS)');
    expect((await store.list()).filter(({ instances }) => instances.length > 0)).toHaveLength(1);
    disk.remount('rw');
    expect(why(await store.lease(requestOf('a')))).toBe('generation 1');
    expect(why(await store.lease(requestOf('b')))).toMatch(/^rolled back: the disk took no more/);
  });
});

function free(path: string): number {
  return statfsSync(path).bavail;
}

function run(...command: readonly string[]): void {
  const [program, ...args] = command;
  const done = spawnSync(program!, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command.join(' ')}: ${done.stderr}`);
}

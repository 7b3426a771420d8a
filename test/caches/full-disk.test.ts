import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/caches/open-store.ts';
import type { BackEnd } from '../../src/caches/store.ts';
import { tryTrouble } from './disk-trouble.ts';
import { diskKinds, SmallDisk, type Trouble } from './small-disk.ts';
import { hasOverlay, inside, requestOf, why } from './store-rig.ts';

const backEnds: readonly BackEnd[] = ['direct', 'overlay'];
/** ext4 on a loop device wherever there are any; more with CAISSON_CRASH_ALL=1. */
const isThorough = process.env['CAISSON_CRASH_ALL'] === '1';
const troubles: readonly Trouble[] = [
  'blocks',
  'inodes',
  'read-only',
  ...(isThorough ? (['last inode'] as const) : []),
];
const disks = (isThorough ? diskKinds : diskKinds.slice(0, 1))
  .flatMap((kind) => troubles.map((trouble) => [kind, trouble] as const))
  // There a second name takes what is counted as inodes, which the reserve does not hold.
  .filter(([kind, trouble]) => kind !== 'tmpfs' || !trouble.includes('inode'));

describe.skipIf(!hasOverlay).each(backEnds)('a full disk, %s (needs root and overlayfs)', (backEnd) => {
  it('is told, the run is rolled back, and everything goes on when there is room', async () => {
    using disk = new SmallDisk('tmpfs');
    const store = await openStore(disk.root, { backEnd });
    await store.reconcile();
    const first = await store.lease(requestOf('a'));
    inside(first, 'touch good');
    await first.commit();
    await store.drain();
    const running = await store.lease(requestOf('a'));
    inside(running, 'touch half');
    const idle = await store.lease(requestOf('b'));
    disk.cause('blocks');
    await expect(store.lease(requestOf('c'))).rejects.toThrow('is full (ENOSPC)');
    // The reserve serves to say so.
    await running.rollBack('the disk is full');
    expect((await store.list())[0]?.instances ?? []).toHaveLength(backEnd === 'overlay' ? 1 : 0);
    disk.cause('blocks');
    await idle.rollBack('the disk is full');
    await store.drain();
    disk.end('blocks');
    await store.reconcile();
    expect((await store.diagnose()).openLeases).toBe(0);
    expect(await store.verify()).toEqual([]);
    const after = await store.lease(requestOf('a'));
    expect(why(after)).toMatch(backEnd === 'overlay' ? /^generation 1$/ : /^rolled back: the disk is full/);
    await store.drain();
  });

  it('that becomes read-only is told, and nothing is lost or stuck afterwards', async () => {
    using disk = new SmallDisk('tmpfs');
    const store = await openStore(disk.root, { backEnd });
    const first = await store.lease(requestOf('a'));
    inside(first, 'touch good');
    await first.commit();
    await store.drain();
    const running = await store.lease(requestOf('b'));
    disk.cause('read-only');
    await expect(store.lease(requestOf('c'))).rejects.toThrow('cannot be written (EROFS)');
    await expect(running.commit()).rejects.toThrow('cannot be written (EROFS)');
    expect((await store.list()).filter(({ instances }) => instances.length > 0)).toHaveLength(1);
    disk.end('read-only');
    expect(why(await store.lease(requestOf('a')))).toBe('generation 1');
    expect(why(await store.lease(requestOf('b')))).toMatch(/^rolled back: the disk took no more/);
    await store.drain();
  });

  it.each(disks)(
    'on %s (ext4 where there are loop devices), %s: each thing that a store does ends or says why, and all is right once the disk is',
    async (kind, trouble) => {
      using disk = new SmallDisk(kind);
      const attempts = await tryTrouble(disk, trouble, backEnd, openStore);
      const told = attempts.filter(({ outcome }) => outcome === 'told').length;
      process.stdout.write(
        `\n${backEnd}, ${kind}, ${trouble}: ${attempts.length - told} done, ${told} told\n`,
      );
      expect(attempts.filter(({ problem }) => problem !== null)).toEqual([]);
      expect(told).toBeGreaterThan(1);
    },
    isThorough ? 900_000 : 120_000,
  );
});

import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackEnd, Store } from '../../src/caches/store.ts';
import { hasOverlay, inside, recordOf, requestOf, StoreRig, why } from './store-rig.ts';

const backEnds: readonly BackEnd[] = ['direct', 'overlay'];

describe.each(backEnds)('a store on the %s back end', (backEnd) => {
  const runs = backEnd === 'direct' || hasOverlay;
  let rig: StoreRig;
  let store: Store;
  beforeEach(async () => {
    rig = new StoreRig(backEnd);
    store = await rig.open();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  it.skipIf(!runs)('serves what was committed, and says why it cannot (overlay: needs root)', async () => {
    const first = await store.lease(requestOf('a'));
    expect(why(first)).toBe('never seen');
    inside(first, 'touch x');
    expect(await first.commit()).toMatchObject({ kind: 'committed', generation: 1, own: false });
    const second = await store.lease(requestOf('a'));
    expect(why(second)).toBe('generation 1');
    expect(inside(second, 'ls; touch y')).toBe('x');
    await second.commit();
    const third = await store.lease(requestOf('a'));
    expect(why(third)).toBe('generation 2');
    expect(inside(third, 'ls')).toBe('x\ny');
    await third.purge('its task');
    expect(why(await store.lease(requestOf('a')))).toMatch(/^purged by its task, \d+ s ago$/);
    const changed = await store.lease(requestOf('b', { record: recordOf('b') }));
    expect(changed.warmth).toMatchObject({ state: 'cold', why: 'wrapper aaaa… → bbbb…' });
    expect((await store.history('label')).map(({ name }) => name)).toEqual(['b', 'a', 'a', 'a', 'a']);
  });

  it.skipIf(!runs)(
    'rolls back to what was there before; a directory that was mounted is given up',
    async () => {
      const first = await store.lease(requestOf('a'));
      inside(first, 'echo old > x');
      await first.commit();
      const second = await store.lease(requestOf('a'));
      inside(second, 'echo new > x; rm -f x; touch y');
      await second.rollBack('the task was killed');
      const third = await store.lease(requestOf('a'));
      if (backEnd === 'overlay') expect(inside(third, 'cat x; ls')).toBe('old\nx');
      else expect(why(third)).toMatch(/^rolled back: the task was killed, \d+ s ago$/);
      await third.rollBack('done');
      await store.purge('a', 'somebody');
      await store.drain();
      expect(rig.onDisk).toEqual([]);
    },
  );

  it.skipIf(!runs)('S12: several instances of one name, one task at a time', async () => {
    const [one, two] = [await store.lease(requestOf('a')), await store.lease(requestOf('a'))];
    expect(why(two)).toBe('another task is just filling it');
    inside(one, 'touch one');
    inside(two, 'touch two');
    await one.commit();
    expect(await two.commit()).toMatchObject({ kind: 'committed', own: true });
    await store.drain();
    const [listing] = await store.list();
    expect(listing!.instances.map(({ state, generations }) => ({ state, generations }))).toEqual([
      { state: 'idle', generations: 1 },
      { state: 'idle', generations: 1 },
    ]);
    const again = [];
    for (let i = 0; i < 3; i++) again.push(await store.lease(requestOf('a')));
    const direct = ['two', 'one', ''];
    expect(again.map((lease) => inside(lease, 'ls'))).toEqual(
      backEnd === 'direct' ? direct : ['two', 'two', 'two'],
    );
    if (backEnd === 'direct') expect(why(again[2]!)).toBe('all 2 instances are in use by other tasks');
  });

  it.skipIf(!runs)('S14: levels are apart on disk, and one never serves the other', async () => {
    const low = await store.lease(requestOf('a', { level: '1' }));
    expect(low.mount).toMatchObject({ source: expect.stringContaining('/level-1/') as string });
    await low.commit();
    const high = await store.lease(requestOf('a', { level: '3' }));
    expect(high.mount).toMatchObject({ source: expect.stringContaining('/level-3/') as string });
    expect(high.warmth.state).toBe('cold');
    await expect(store.lease(requestOf('a', { level: '../1' }))).rejects.toThrow('no trust level');
  });

  it.skipIf(!runs)('keeps every name inside its root', async () => {
    for (const name of ['../x', '/etc', '.', '..', 'a/b', 'x'.repeat(300), '<docker-image>', 'ä\u0000']) {
      const lease = await store.lease(requestOf(name));
      inside(lease, 'touch x');
      await lease.commit();
      expect((await store.lease(requestOf(name))).warmth.state).toBe('warm');
    }
    expect(rig.onDisk.every((path) => /^level-1\/(runs|layers)\/[0-9a-f]{16}$/.test(path))).toBe(true);
  });

  it.skipIf(!runs)('does not serve a layer that was changed after its commit', async () => {
    const attacks: ((layer: string) => void)[] = [
      (layer) => writeFileSync(join(layer, 'planted'), ''),
      (layer) => chmodSync(layer, 0o777),
      (layer) => renameSync(layer, `${layer}-elsewhere`),
      (layer) => {
        renameSync(layer, `${layer}-elsewhere`);
        mkdirSync(layer);
      },
    ];
    for (const [i, attack] of attacks.entries()) {
      const lease = await store.lease(requestOf(`attack-${i}`));
      inside(lease, 'touch x');
      await lease.commit();
      attack(join(rig.root, 'level-1/layers', lease.id));
      expect(why(await store.lease(requestOf(`attack-${i}`)))).toMatch(/^refused: /);
    }
  });

  it.skipIf(!runs)('gives up what is returned after a purge, and refuses a second end', async () => {
    const lease = await store.lease(requestOf('a'));
    expect(await store.purge('a', 'somebody')).toEqual({ instances: 1 });
    expect(await lease.commit()).toEqual({ kind: 'rolled-back', why: 'purged by somebody' });
    await expect(lease.commit()).rejects.toThrow('has ended already');
    expect(await store.list()).toEqual([]);
    await store.drain();
    expect(rig.onDisk).toEqual([]);
  });

  it.skipIf(!runs)('rolls back what a dead process held and leaves what a live one holds', async () => {
    const dead = await rig.open({ owner: '999999999.1' });
    const lost = await dead.lease(requestOf('a'));
    inside(lost, 'touch half');
    const kept = await store.lease(requestOf('b'));
    inside(kept, 'touch x');
    const other = await rig.open();
    expect(await other.reconcile()).toEqual([
      'rolled back a: the process that used it is gone',
      'deleted 1 trees that nothing refers to',
    ]);
    await other.drain();
    expect(rig.onDisk).toEqual([`level-1/runs/${kept.id}`]);
    expect(await kept.commit()).toMatchObject({ kind: 'committed' });
    expect(why(await other.lease(requestOf('a')))).toMatch(
      /^rolled back: the process that used it was killed/,
    );
    expect(await lost.commit()).toMatchObject({ kind: 'rolled-back' });
  });

  it.skipIf(!runs)('tells how far a task reached, and purges exactly that', async () => {
    const by = (taskId: string) => ({ holder: { taskId, runId: 0, label: taskId } });
    for (const [name, task] of [
      ['a', 'good'],
      ['a', 'bad'],
      ['a', 'later'],
      ['b', 'other'],
    ] as const) {
      const lease = await store.lease(requestOf(name, by(task)));
      inside(lease, `touch ${task}`);
      await lease.commit();
    }
    const radius = await store.taintedBy('bad');
    expect(radius.generations.map(({ name, number, writer }) => [name, number, writer.taskId])).toEqual([
      ['a', 2, 'bad'],
      ['a', 3, 'later'],
    ]);
    expect(radius.runs.map(({ taskId }) => taskId)).toEqual(['bad', 'later']);
    await store.purgeTainted('bad', 'somebody');
    const after = await store.lease(requestOf('a'));
    if (backEnd === 'overlay') expect(inside(after, 'ls')).toBe('good');
    else expect(why(after)).toMatch(/^purged by somebody: tainted by task bad/);
    expect(inside(await store.lease(requestOf('b')), 'ls')).toBe('other');
  });

  it.skipIf(!runs)('purges what a tainted task is only just writing', async () => {
    const holder = { taskId: 'bad', runId: 0, label: 'bad' };
    const lease = await store.lease(requestOf('a', { holder }));
    inside(lease, 'touch bad');
    await store.purgeTainted('bad', 'somebody');
    expect(await lease.commit()).toMatchObject({
      kind: 'rolled-back',
      why: expect.stringContaining('tainted'),
    });
    expect((await store.lease(requestOf('a'))).warmth).toMatchObject({ state: 'cold' });
  });

  it.skipIf(!runs)('survives changes of epochs, with another process open', async () => {
    const other = await rig.open({ epochLength: 5 });
    const short = await rig.open({ epochLength: 5 });
    for (let i = 0; i < 12; i++) {
      const lease = await (i % 3 === 0 ? other : short).lease(requestOf('a'));
      inside(lease, `touch ${i}`);
      await lease.commit();
      if (i % 4 === 0) await short.drain();
    }
    await short.drain();
    expect(
      readdirSync(join(rig.root, 'ledger')).filter((name) => name.endsWith('.jsonl')).length,
    ).toBeGreaterThan(2);
    expect(why(await store.lease(requestOf('a')))).toBe('generation 12');
    expect(await other.verify()).toEqual([]);
    expect((await other.history('label')).length).toBe(13);
  });

  it.skipIf(!runs)('lists what is only just being filled, by whom', async () => {
    const holder = { taskId: 'task', runId: 2, label: 'label' };
    const [one, two] = [await store.lease(requestOf('a', { holder })), await store.lease(requestOf('a'))];
    const filling = async () =>
      (await store.list()).map(({ name, instances, filling }) => [name, instances.length, filling.length]);
    expect((await store.list())[0]!.filling[0]).toEqual({
      ...holder,
      since: expect.stringMatching(/^\d{4}-/),
    });
    expect(await filling()).toEqual([['a', 0, 2]]);
    await one.commit();
    expect(await filling()).toEqual([['a', 1, 1]]);
    await two.rollBack('the test is over');
    const warm = await store.lease(requestOf('a'));
    expect(await filling()).toEqual([['a', 1, 0]]);
    await warm.rollBack('the test is over');
  });

  it.skipIf(!runs)('forgets what is long past, but nothing that something present comes from', async () => {
    let now = Date.parse('2020-01-01');
    const day = 24 * 3600 * 1000;
    const aged = await rig.open({ epochLength: 4, clock: { now: () => now } });
    const write = async (name: string, task: string): Promise<void> => {
      const lease = await aged.lease(requestOf(name, { holder: { taskId: task, runId: 0, label: task } }));
      inside(lease, `touch ${task}`);
      await lease.commit();
      await aged.drain();
    };
    const epochs = (): string[] =>
      readdirSync(join(rig.root, 'ledger')).filter((name) => name.endsWith('.jsonl'));
    const generations = async (task: string): Promise<unknown[]> =>
      (await aged.taintedBy(task)).generations.map(({ name, number }) => `${name} ${number}`);
    for (let i = 0; i < 4; i++) await write('short', `short-${i}`);
    await write('long', 'first');
    const whole = epochs().length;
    now += 100 * day;
    await write('long', 'second');
    await aged.reconcile();
    expect(epochs().length).toBeGreaterThan(whole);
    await aged.purge('short', 'somebody');
    await aged.reconcile();
    // Where `long` began is kept, however long ago that was; a task is still followed from there.
    expect(epochs()[0]).not.toBe('000001.jsonl');
    expect(await generations('short-0')).toEqual([]);
    expect(await generations('first')).toEqual(['long 1', 'long 2']);
    expect(await aged.verify()).toEqual([]);
    const other = await rig.open();
    expect((await other.history('first')).length).toBe(1);
    await aged.purge('long', 'somebody');
    now += 100 * day;
    await write('new', 'new');
    await aged.reconcile();
    expect(await generations('first')).toEqual([]);
    expect(await aged.verify()).toEqual([]);
    expect((await aged.lease(requestOf('new'))).warmth.state).toBe('warm');
  });

  it.skipIf(!runs)('starts cold when the ledger is damaged, keeps it, and says so', async () => {
    const attacks: ((ledger: string, last: string) => void)[] = [
      (ledger, last) => writeFileSync(join(ledger, '000001', last), '{"hash":"'),
      (ledger) => rmSync(join(ledger, '000001/00000002')),
      (ledger) => rmSync(join(ledger, '000001/00000001')),
      (ledger, last) => renameSync(join(ledger, '000001', last), join(ledger, '000001/00000002')),
    ];
    for (const attack of attacks) {
      await using own = new StoreRig(backEnd);
      const first = await own.open();
      const lease = await first.lease(requestOf('a'));
      inside(lease, 'touch x');
      await lease.commit();
      await first.drain();
      const running = await first.lease(requestOf('b'));
      const names = readdirSync(join(own.root, 'ledger/000001')).sort();
      attack(join(own.root, 'ledger'), names.at(-1)!);
      const second = await own.open();
      await expect(second.list()).rejects.toThrow('is damaged');
      const [told] = await second.reconcile();
      expect(told).toMatch(/^the ledger was damaged: .*; it is kept as .*ledger\.damaged-/);
      const again = await second.lease(requestOf('a'));
      expect(again.warmth.state).toBe('cold');
      expect(await running.commit()).toMatchObject({ kind: 'rolled-back' });
      await again.commit();
      await second.drain();
      expect(own.onDisk).toHaveLength(1);
      expect((await second.diagnose()).problems[0]).toMatch(/^an earlier ledger was damaged/);
    }
  });

  it.skipIf(!runs)('gives up after a reboot what had not reached the disk, and no more', async () => {
    const before = await rig.open({ boot: 'before' });
    const first = await before.lease(requestOf('a'));
    inside(first, 'touch settled');
    await first.commit();
    await before.drain();
    const second = await before.lease(requestOf('a'));
    inside(second, 'touch lost');
    await second.commit();
    const open = await before.lease(requestOf('b'));
    const told = await store.reconcile();
    expect(told[0]).toBe('rolled back b: the process that used it is gone');
    expect(told[1]).toBe('gave up a generation of a: the machine went down before it was on the disk');
    const after = await store.lease(requestOf('a'));
    if (backEnd === 'overlay') expect(inside(after, 'ls')).toBe('settled');
    else expect(why(after)).toMatch(/^refused: the machine went down/);
    expect(await open.commit()).toMatchObject({ kind: 'rolled-back' });
  });

  it.skipIf(!runs)('does not take over caches of an older layout', async () => {
    for (const path of ['level-1/idle/a/0011', 'level-3/leased/1.2', 'names', 'purged'])
      mkdirSync(join(rig.root, path), { recursive: true });
    writeFileSync(join(rig.root, 'history.jsonl'), '');
    expect(await store.reconcile()).toEqual([
      expect.stringContaining('caches of an older version were deleted'),
    ]);
    await store.drain();
    expect(rig.onDisk).toEqual([]);
    expect(readdirSync(rig.root).sort()).toEqual(['ledger', 'ledger.reserve', 'level-1', 'level-3']);
  });

  it.skipIf(!runs)(
    'evicts what is large, long unused and quick to fill first, never what is in use',
    async () => {
      let now = Date.now();
      const timed = await rig.open({ clock: { now: () => now } });
      const fill = async (name: string, seconds: number, kilobytes: number): Promise<void> => {
        const lease = await timed.lease(requestOf(name));
        inside(lease, `head -c ${kilobytes * 1024} /dev/zero > x`);
        now += seconds * 1000;
        await lease.commit();
      };
      for (const [name, seconds, size] of [
        ['slow', 1000, 100],
        ['quick', 1, 100],
        ['small', 1, 4],
        ['used', 1, 900],
      ] as const)
        await fill(name, seconds, size);
      await timed.drain();
      const running = await timed.lease(requestOf('used'));
      const free = timed.freeSpace();
      const evicted = await timed.evict({ bytes: free.bytes + 110_000, inodes: 0 });
      expect(evicted.map(({ name }) => name)).toEqual(['quick', 'small']);
      expect(why(await timed.lease(requestOf('quick')))).toMatch(/^evicted: disk below .* GB, 0 s ago$/);
      expect(await timed.evict({ bytes: 0, inodes: 0 })).toEqual([]);
      expect((await running.commit()).kind).not.toBe('rolled-back');
    },
  );
});

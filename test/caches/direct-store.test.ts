import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectStore } from '../../src/caches/direct-store.ts';
import type { CacheRecord } from '../../src/caches/record.ts';
import type { Lease, LeaseRequest, Store } from '../../src/caches/store.ts';

let root: string;
let store: Store;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'caisson-store-'));
  store = await openDirectStore(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const record = (wrapper: string): CacheRecord => ({
  protocol: 1,
  wrapper: wrapper.repeat(64),
  platform: { implementation: 'docker-worker', os: 'linux' },
});
const request = (name: string, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
  name,
  trustDomain: 'test',
  level: '1',
  shortName: 'files',
  record: record('a'),
  mountPoint: '/files',
  holder: { taskId: 'task', runId: 0, label: 'label' },
  ...more,
});
const content = (lease: Lease): string[] => readdirSync(lease.directory).sort();
const why = ({ warmth }: Lease): string =>
  warmth.state === 'cold' ? warmth.why : `generation ${warmth.generation}`;

describe('the direct store', () => {
  it('serves what was committed, and says why it cannot', async () => {
    const first = await store.lease(request('a'));
    expect(why(first)).toBe('never seen');
    writeFileSync(join(first.directory, 'x'), '');
    await first.commit();
    const second = await store.lease(request('a'));
    expect(why(second)).toBe('generation 1');
    expect(content(second)).toEqual(['x']);
    await second.rollBack('the task was killed');
    const third = await store.lease(request('a'));
    expect(why(third)).toMatch(/^rolled back: the task was killed, \d+ s ago$/);
    expect(content(third)).toEqual([]);
    await third.commit();
    await store.purge('a', 'somebody');
    expect(why(await store.lease(request('a')))).toMatch(/^purged by somebody/);
    const changed = await store.lease(request('b', { record: record('b') }));
    expect(changed.warmth).toMatchObject({ state: 'cold', why: 'wrapper aaaa… → bbbb…' });
    expect((await store.history('label')).map(({ name }) => name)).toEqual(['b', 'a', 'a', 'a', 'a']);
  });

  it('S12: several instances of one name, one task at a time', async () => {
    const [one, two] = [await store.lease(request('a')), await store.lease(request('a'))];
    expect(one.instance).not.toBe(two.instance);
    expect(why(two)).toBe('its only instance is in use by another task');
    await one.commit();
    await two.commit();
    await store.drain();
    const [listing] = await store.list();
    expect(listing!.instances).toHaveLength(2);
    const again = [
      await store.lease(request('a')),
      await store.lease(request('a')),
      await store.lease(request('a')),
    ];
    expect(again.map(({ warmth }) => warmth.state)).toEqual(['warm', 'warm', 'cold']);
    expect(new Set(again.map(({ directory }) => directory)).size).toBe(3);
  });

  it('S14: levels are apart on disk, and one never serves the other', async () => {
    const low = await store.lease(request('a', { level: '1' }));
    expect(low.directory).toContain('/level-1/');
    await low.commit();
    const high = await store.lease(request('a', { level: '3' }));
    expect(high.directory).toContain('/level-3/');
    expect(high.warmth.state).toBe('cold');
    await expect(store.lease(request('a', { level: '../1' }))).rejects.toThrow('no trust level');
  });

  it('keeps every name inside its root', async () => {
    for (const name of ['../x', '/etc', '.', '..', 'a/b', 'x'.repeat(300), '<docker-image>', 'ä\u0000']) {
      const lease = await store.lease(request(name));
      expect(lease.directory.startsWith(`${root}/level-1/leased/`)).toBe(true);
      await lease.commit();
      expect((await store.lease(request(name))).warmth.state).toBe('warm');
    }
  });

  it('does not serve an instance that was changed after its commit, or whose seal is gone or torn', async () => {
    const attacks: ((instance: string) => void)[] = [
      (instance) => writeFileSync(join(instance, 'tree/planted'), ''),
      (instance) => rmSync(join(instance, 'seal.json')),
      (instance) => writeFileSync(join(instance, 'seal.json'), '{"version":1,'),
      (instance) => renameSync(join(instance, 'tree'), join(instance, 'elsewhere')),
    ];
    for (const [i, attack] of attacks.entries()) {
      const name = `attack-${i}`;
      const lease = await store.lease(request(name));
      await lease.commit();
      attack(join(root, 'level-1/idle', name, lease.instance));
      expect(why(await store.lease(request(name)))).toMatch(/^refused: /);
    }
  });

  it('dooms what is returned after a purge, and refuses a second end', async () => {
    const lease = await store.lease(request('a'));
    await store.purge('a', 'somebody');
    await lease.commit();
    await expect(lease.commit()).rejects.toThrow('has ended already');
    expect(await store.list()).toEqual([]);
  });

  it('rolls back what a dead process held and leaves what a live one holds', async () => {
    const dead = await openDirectStore(root, { owner: '999999999.1' });
    await dead.lease(request('dead'));
    const alive = await store.lease(request('alive'));
    const told = await store.reconcile();
    expect(told.join()).toContain('rolled back dead');
    await store.drain();
    expect(readdirSync(join(root, 'level-1/doomed'))).toEqual([]);
    expect(readdirSync(join(root, 'level-1/leased'))).toHaveLength(1);
    await alive.commit();
    expect(why(await store.lease(request('dead')))).toMatch(
      /^rolled back: the process that used it was killed/,
    );
  });

  it('never loses a commit, serves a half-written tree or one tree twice', async () => {
    const step = fc.record({
      act: fc.constantFrom('lease', 'commit', 'roll back', 'purge', 'crash'),
      pick: fc.nat(5),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const folder = join(root, `model-${round++}`);
        let owner = 1;
        let current = await openDirectStore(folder, { owner: `999999999.${owner}` });
        const open = new Map<string, { lease: Lease; mark: string }>();
        // Every committed instance by its id, and what a task wrote into it last.
        const committed = new Map<string, string>();
        for (const [i, { act, pick }] of steps.entries()) {
          const chosen = [...open.values()][pick % Math.max(1, open.size)];
          if (act === 'lease') {
            const lease = await current.lease(request('a'));
            expect(open.has(lease.instance)).toBe(false);
            expect(lease.warmth.state).toBe(committed.size > 0 ? 'warm' : 'cold');
            const found =
              content(lease).length > 0 ? readFileSync(join(lease.directory, 'mark'), 'utf8') : undefined;
            expect(found).toBe(committed.get(lease.instance));
            committed.delete(lease.instance);
            writeFileSync(join(lease.directory, 'mark'), `step ${i}`);
            open.set(lease.instance, { lease, mark: `step ${i}` });
          } else if (act === 'crash') {
            current = await openDirectStore(folder, { owner: `999999999.${++owner}` });
            await current.reconcile();
            open.clear();
          } else if (act === 'purge') {
            await current.purge('a', 'model');
            committed.clear();
            for (const { lease } of open.values()) await lease.commit();
            open.clear();
          } else if (chosen !== undefined) {
            open.delete(chosen.lease.instance);
            if (act === 'commit') {
              await chosen.lease.commit();
              committed.set(chosen.lease.instance, chosen.mark);
            } else await chosen.lease.rollBack('model');
          }
        }
        await current.drain();
        const listed = (await current.list()).flatMap(({ instances }) =>
          instances.filter(({ state }) => state === 'idle'),
        );
        expect(listed.map(({ id }) => id).sort()).toEqual([...committed.keys()].sort());
      }),
      { numRuns: 60 },
    );
  });
});

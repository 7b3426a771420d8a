import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { err, ok, type Result } from '../../src/base/result.ts';
import { asOwner, isMappable, ownerIn } from '../../src/caches/ownership.ts';
import type { LeaseRequest, Store } from '../../src/caches/store.ts';
import { hasOverlay, inside, recordOf, requestOf, StoreRig, why } from './store-rig.ts';

const one = { uid: 1000, gid: 1000 };
const two = { uid: 1001, gid: 1000 };
const root = { uid: 0, gid: 0 };

describe('owners', () => {
  it('are in the requirements, where these are complete', () => {
    expect(ownerIn(['gid=5', 'uid=7', 'version=1'])).toEqual({ uid: 7, gid: 5 });
    for (const lines of [null, [], ['uid=7'], ['gid=x', 'uid=7'], ['unusable: uid=7']])
      expect(ownerIn(lines)).toBeNull();
    expect(asOwner(['gid=5', 'uid=7', 'version=1'], two)).toEqual(['gid=1000', 'uid=1001', 'version=1']);
  });

  it('change places unless root would be one of them', () => {
    expect(isMappable({ disk: one, task: two })).toBe(true);
    expect(isMappable({ disk: root, task: root })).toBe(true);
    expect(isMappable({ disk: { uid: 1, gid: 0 }, task: { uid: 2, gid: 0 } })).toBe(true);
    for (const other of [root, { uid: 0, gid: 1000 }, { uid: 1000, gid: 0 }]) {
      expect(isMappable({ disk: two, task: other })).toBe(false);
      expect(isMappable({ disk: other, task: two })).toBe(false);
    }
  });
});

describe.skipIf(!hasOverlay)('leases for another owner (needs root and overlayfs)', () => {
  let rig: StoreRig;
  let store: Store;
  let asked = 0;
  beforeEach(async () => {
    rig = new StoreRig('overlay');
    store = await rig.open();
    asked = 0;
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const answering = (answer: Result<void, string>) => () => {
    asked += 1;
    return Promise.resolve(answer);
  };
  const lease = (more: Partial<LeaseRequest>, answer: Result<void, string> = ok(undefined)) =>
    store.lease(requestOf('a', { mapsOwners: answering(answer), ...more }));
  const fill = async ({ uid, gid }: typeof one, more: Partial<LeaseRequest> = {}): Promise<void> => {
    const filling = await lease({ owner: { uid, gid }, ...more });
    inside(
      filling,
      `chown ${uid}:${gid} .; rm -f .cacherequires; printf 'gid=${gid}\\nuid=${uid}\\nversion=1\\n' > .cacherequires`,
    );
    expect((await filling.commit()).kind).toBe('committed');
  };

  it('ask the engine only when it matters, and go without a map where none is needed', async () => {
    await fill(one);
    const own = await lease({ owner: one });
    const unknown = await lease({});
    expect([own, unknown].map(why)).toEqual(['generation 1', 'generation 1']);
    for (const { mount } of [own, unknown]) expect(mount).not.toHaveProperty('owners');
    expect(asked).toBe(0);
  });

  it('say whose files they are, and bring requirements that fit, as long as they last', async () => {
    await fill(one);
    const mapped = await lease({ owner: two });
    expect(why(mapped)).toBe('generation 1');
    const { mount } = mapped;
    if (mount.kind !== 'overlay' || mount.requirements === undefined) throw new Error('it is not mapped');
    expect(mount.owners).toEqual({ disk: one, task: two });
    expect(readFileSync(mount.requirements, 'utf8')).toBe('gid=1000\nuid=1001\nversion=1\n');
    expect(asked).toBe(1);
    expect(await mapped.commit()).toEqual({ kind: 'unchanged', generation: 1 });
    await store.drain();
    expect(existsSync(mount.requirements)).toBe(false);
  });

  it('are cold with the reason where files cannot be mapped', async () => {
    await fill(one);
    const reasons = [
      why(await lease({ owner: two }, err('the kernel is old'))),
      why(await store.lease(requestOf('a', { owner: two }))),
      why(await lease({ owner: two, accepts: 'direct' })),
      why(await lease({ owner: root })),
    ];
    expect(reasons).toEqual(
      [
        'the kernel is old',
        'the engine does not map owners',
        'a plain directory is not mapped',
        'root’s files and those without requirements are not mapped',
      ].map((reason) => `its files belong to another user (${reason})`),
    );
    expect(asked).toBe(1);
  });

  it('prefer files of their own to newer ones of somebody else', async () => {
    await fill(one);
    const cold = await lease({ owner: two }, err('no'));
    inside(cold, `chown 1001:1000 .; printf 'gid=1000\\nuid=1001\\nversion=1\\n' > .cacherequires`);
    expect(await cold.commit()).toMatchObject({ kind: 'committed', own: true });
    for (const owner of [one, two]) {
      const { mount } = await lease({ owner });
      expect(mount).toMatchObject({ kind: 'overlay' });
      expect(mount).not.toHaveProperty('owners');
    }
  });

  it('may be forks of another owner’s trusted cache; without a map these are cold, with the reason', async () => {
    const name = (level: string) => ({
      name: `t-level-${level}-files-v1-00000000000000000000`,
      level,
      shareDown: true,
      record: recordOf('a'),
    });
    await fill(one, name('3'));
    const cold = await lease({ owner: two, ...name('1') }, err('no'));
    expect(why(cold)).toBe('its files belong to another user (no)');
    const fork = await lease({ owner: two, ...name('1') });
    expect(fork.warmth).toMatchObject({ state: 'warm', forkedFrom: name('3').name });
    expect(fork.mount).toMatchObject({ owners: { disk: one, task: two } });
  });
});

import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LeaseRequest, Store } from '../../src/caches/store.ts';
import { hasOverlay, inside, recordOf, requestOf, StoreRig, why } from './store-rig.ts';

describe.skipIf(!hasOverlay)('layers (needs root and overlayfs)', () => {
  let rig: StoreRig;
  let store: Store;
  beforeEach(async () => {
    rig = new StoreRig('overlay');
    store = await rig.open();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const commit = async (script: string, more: Partial<LeaseRequest> = {}): Promise<string> => {
    const lease = await store.lease(requestOf('a', more));
    inside(lease, script);
    const outcome = await lease.commit();
    return outcome.kind === 'rolled-back' ? outcome.why : outcome.kind;
  };
  const listing = async () => (await store.list())[0]!.instances[0]!;
  /** Names, modes, owners and content of everything. */
  const shown =
    "find . -mindepth 1 ! -name .cachelog -printf '%p %y %m %U:%G %l\\n' | sort; cat $(find . -type f | sort)";
  const look = async (): Promise<string> => {
    const lease = await store.lease(requestOf('a'));
    const seen = inside(lease, shown);
    await lease.rollBack('only looked');
    return seen;
  };

  /** With a program of that name before the real one. */
  const withProgram = async (name: string, script: string, action: (folder: string) => Promise<void>) => {
    const folder = join(rig.root, '..', `${basename(rig.root)}-programs`);
    mkdirSync(folder);
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
    try {
      await action(folder);
    } finally {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    }
  };

  it('shows each generation as the task left it, and so after merging, also below later generations', async () => {
    await commit(
      'mkdir -p d/e old op; echo 1 > d/e/f; echo x > old/x; echo y > op/y; echo m > meta; ln -s d link; ln meta hard',
    );
    await commit(
      'mv d renamed; rm -r old; rm -r op; mkdir op; echo z > op/z; chown 1000:1000 meta; chmod 4755 meta',
    );
    await commit('mv renamed/e renamed/g; echo 2 >> renamed/g/f; rm link; mkdir link; touch link/in');
    const before = await look();
    expect(before).toContain('./renamed/g/f f 644 0:0');
    const running = await store.lease(requestOf('a'));
    expect(await store.compact(1)).toEqual(['a: 3 layers were merged']);
    expect(await look()).toBe(before);
    expect((await listing()).layers).toBe(1);
    // Built upon the layers from before the merge; continues upon the merged one.
    inside(running, 'mv renamed again; echo 3 >> again/g/f; chown 0:0 meta; rm -r op');
    const expected = inside(running, shown);
    expect(await running.commit()).toMatchObject({ kind: 'committed', generation: 4 });
    expect(await look()).toBe(expected);
    await store.drain();
    expect(rig.onDisk).toHaveLength(2);
    await store.compact(1);
    expect(await look()).toBe(expected);
    expect(await store.verify()).toEqual([]);
  });

  it('keeps the layers when what was merged does not reach the disk', async () => {
    await commit('echo 1 > one');
    await commit('echo 2 > two');
    await store.drain();
    const before = await look();
    await withProgram('sync', 'exit 1', async () => {
      const why = 'what was merged does not reach the disk';
      expect(await store.compact(1)).toEqual([`a: its layers could not be merged: ${why}`]);
    });
    expect((await listing()).layers).toBe(2);
    expect(await look()).toBe(before);
    await store.drain();
    expect(rig.onDisk).toHaveLength(2);
  });

  it('merges chains that have grown long in the background, and deletes what was merged', async () => {
    for (let i = 0; i < 11; i++) {
      expect(await commit(`echo ${i} > ${i}; rm -f ./${i - 1}`)).toBe('committed');
      await store.drain();
    }
    expect((await listing()).layers).toBeLessThan(9);
    expect(rig.onDisk.length).toBeLessThan(9);
    expect(inside(await store.lease(requestOf('a')), 'ls; cat 10')).toBe('10\n10');
  });

  it('slows down who commits faster than layers are merged: nothing is dropped', {
    timeout: 60_000,
  }, async () => {
    for (let i = 0; i < 50; i++) {
      const lease = await store.lease(requestOf('a'));
      const { mount } = lease;
      const folder = mount.kind === 'bind' ? mount.source : mount.upper;
      for (let file = 0; file < 10; file++) writeFileSync(join(folder, `${i}-${file}`), '');
      expect(await lease.commit()).toMatchObject({ kind: 'committed', generation: i + 1 });
    }
    expect(inside(await store.lease(requestOf('a')), 'ls | wc -l')).toBe('500');
  });

  it('waits for a merge that hangs no longer than its patience, and says why nothing was kept', async () => {
    let now = Date.now();
    const hurried = await rig.open({ clock: { now: () => (now += 60_000) } });
    await commit('echo 1 > one');
    await commit('echo 2 > two');
    await store.drain();
    const script = 'while [ ! -e "${0%/*}/go" ]; do sleep 0.1; done; exec /bin/cp "$@"';
    await withProgram('cp', script, async (programs) => {
      const merging = store.compact(1);
      for (let i = 2; i < 32; i++) expect(await commit(`echo ${i} > ${i}`)).toBe('committed');
      const lease = await hurried.lease(requestOf('a'));
      inside(lease, 'touch more');
      const why = 'its 32 layers have to be merged first';
      expect(await lease.commit()).toEqual({ kind: 'rolled-back', why });
      writeFileSync(join(programs, 'go'), '');
      expect(await merging).toEqual(['a: 2 layers were merged']);
    });
    expect(await commit('touch more')).toBe('committed');
  });

  it('a durable commit that does not reach the disk is rolled back, and says so', async () => {
    const durable = await rig.open({ durable: true });
    await commit('echo 1 > one');
    const lease = await durable.lease(requestOf('a'));
    inside(lease, 'echo 2 > one');
    await withProgram('sync', 'exit 1', async () => {
      expect(await lease.commit()).toEqual({
        kind: 'rolled-back',
        why: 'what it wrote does not reach the disk',
      });
    });
    await durable.drain();
    expect(inside(await store.lease(requestOf('a')), 'cat one')).toBe('1');
    expect(rig.onDisk).toHaveLength(2);
  });

  it('measures names that are no UTF-8', async () => {
    await commit(String.raw`mkdir "$(printf 'd\377')"; echo 1 > "$(printf 'd\377/f\376')"`);
    await store.drain();
    expect(await listing()).toMatchObject({ files: 2 });
  });

  it('a run that deleted its requirements leaves a generation that is served, without them', async () => {
    await commit('echo a=1 > .cacherequires; chmod 444 .cacherequires; echo 1 > one');
    expect(await commit('rm -f .cacherequires')).toBe('committed');
    await store.drain();
    const lease = await store.lease(requestOf('a'));
    expect([why(lease), inside(lease, 'ls -A')]).toEqual(['generation 2', 'one']);
  });

  it('a run that changed nothing, or was only logged, makes no generation', async () => {
    await commit('touch x');
    expect(await commit('true')).toBe('unchanged');
    expect(await commit('echo line >> .cachelog; cat x')).toBe('unchanged');
    expect(await commit('chmod 700 .')).toBe('committed');
    expect(await commit('chown 5:5 .')).toBe('committed');
    expect(await listing()).toMatchObject({ generations: 3, layers: 3 });
    expect(inside(await store.lease(requestOf('a')), "stat -c '%a %u' .")).toBe('700 5');
  });

  it('any number of runs start warm and apart from each other; what comes of them is what was asked for', async () => {
    await commit('touch base');
    const policies = ['auto', 'auto', 'own', 'drop', 'own', 'own', 'own', 'auto'] as const;
    const leases = [];
    for (const onConflict of policies) leases.push(await store.lease(requestOf('a', { onConflict })));
    expect(leases.map(why)).toEqual(policies.map(() => 'generation 1'));
    for (const [i, lease] of leases.entries()) inside(lease, `touch own-${i}`);
    expect(leases.map((lease) => inside(lease, 'ls'))).toEqual(policies.map((_, i) => `base\nown-${i}`));
    const outcomes = [];
    for (const lease of leases) outcomes.push(await lease.commit());
    const late = { kind: 'rolled-back', why: "another run's changes came first" };
    const own = { kind: 'committed', generation: 1, own: true };
    const full = { kind: 'rolled-back', why: 'there are 4 instances of it already' };
    expect(outcomes).toMatchObject([
      { kind: 'committed', generation: 2 },
      late,
      own,
      late,
      own,
      own,
      full,
      late,
    ]);
    await store.drain();
    expect(rig.onDisk).toHaveLength(5);
  });

  it('what was purged while a run used it is not kept, whatever the policy', async () => {
    await commit('touch bad', { holder: { taskId: 'bad', runId: 0, label: 'bad' } });
    const running = await store.lease(requestOf('a', { onConflict: 'own' }));
    await store.purgeTainted('bad', 'somebody');
    inside(running, 'cat bad; touch more');
    expect(await running.commit()).toEqual({
      kind: 'rolled-back',
      why: 'purged by somebody: tainted by task bad',
    });
    await store.drain();
    expect(rig.onDisk).toEqual([]);
  });

  it('never deletes what a live run has mounted', async () => {
    await commit('echo content > x');
    const running = await store.lease(requestOf('a'));
    await store.purge('a', 'somebody');
    await store.reconcile();
    await store.drain();
    expect(inside(running, 'cat x')).toBe('content');
    await running.rollBack('done');
    await store.drain();
    expect(rig.onDisk).toEqual([]);
  });

  it('a direct lease takes a single tree as it is, alone, and not one of several layers', async () => {
    await commit('touch x');
    const direct = await store.lease(requestOf('a', { accepts: 'direct' }));
    expect(direct.mount.kind).toBe('bind');
    expect(inside(direct, 'ls; touch y')).toBe('x');
    expect(why(await store.lease(requestOf('a')))).toBe('its only instance is in use by another task');
    await direct.commit();
    await commit('touch z');
    expect(why(await store.lease(requestOf('a', { accepts: 'direct' })))).toBe(
      'it lies in layers, which the direct back end cannot mount',
    );
    expect(inside(await store.lease(requestOf('a')), 'ls')).toBe('x\ny\nz');
  });

  it('a cache of another owner is not used', async () => {
    await commit('chown 7:7 .');
    expect(why(await store.lease(requestOf('a', { owner: { uid: 7, gid: 7 } })))).toBe('generation 1');
    expect(why(await store.lease(requestOf('a', { owner: { uid: 0, gid: 0 } })))).toBe(
      'its files belong to another user (root’s files and those without requirements are not mapped)',
    );
  });

  it('refuses a layer deep in the chain that was changed, and falls back to the generation before it', async () => {
    await commit('touch one');
    await commit('touch two');
    await commit('touch three');
    const [, middle] = (await listing()).directories;
    writeFileSync(join(middle!, 'planted'), '');
    const lease = await store.lease(requestOf('a'));
    expect(inside(lease, 'ls')).toBe('one');
    await lease.rollBack('only looked');
    const [only] = (await listing()).directories;
    chmodSync(only!, 0o755);
    chownSync(only!, 9, 9);
    expect(why(await store.lease(requestOf('a')))).toMatch(/^refused: its owner or mode was changed/);
  });

  const trusted = (more: Partial<LeaseRequest> = {}): LeaseRequest =>
    requestOf('t-level-3-files-v1-00000000000000000000', { level: '3', shareDown: true, ...more });
  const low = (more: Partial<LeaseRequest> = {}): LeaseRequest =>
    requestOf('t-level-1-files-v1-00000000000000000000', { level: '1', shareDown: true, ...more });

  it('a lower level starts from a trusted generation where both sides allow it, and nothing goes up', async () => {
    const first = await store.lease(trusted());
    inside(first, 'echo trusted > x');
    await first.commit();
    const fork = await store.lease(low({ record: recordOf('a', { untrusted: true }) }));
    expect(fork.warmth).toMatchObject({ state: 'warm', forkedFrom: trusted().name });
    inside(fork, 'cat x; echo evil > x; touch mine');
    expect(await fork.commit()).toMatchObject({ kind: 'committed', generation: 1, own: false });
    expect((await store.list()).map(({ level, instances }) => [level, instances.length])).toEqual([
      ['1', 1],
      ['3', 1],
    ]);
    const above = await store.lease(trusted());
    expect(inside(above, 'ls; cat x')).toBe('x\ntrusted');
    expect(
      (await store.lease(trusted({ name: 'u-level-3-files-v1-00000000000000000001' }))).warmth.state,
    ).toBe('cold');
    const again = await store.lease(low());
    expect(again.warmth).not.toHaveProperty('forkedFrom');
    expect(inside(again, 'cat x; ls')).toBe('evil\nmine\nx');
    // The fork outlives the trusted cache, and a merge puts all of it into its own level.
    await above.rollBack('done');
    await store.purge(trusted().name, 'somebody');
    await store.compact(1);
    await again.rollBack('done');
    await store.drain();
    expect(inside(await store.lease(low()), 'cat x')).toBe('evil');
    expect(rig.onDisk.filter((path) => path.startsWith('level-3/layers'))).toEqual([]);
  });

  it.each([
    ['the writer does not share', { shareDown: false }, {}],
    ['the reader does not ask', {}, { shareDown: false }],
    ['the records differ', {}, { record: recordOf('b') }],
    ['the trust domains differ', {}, { trustDomain: 'other' }],
    ['the names differ', {}, { shortName: 'other' }],
    ['the reader is above', { level: '1' }, { level: '3' }],
    ['the writer is untrusted', { record: recordOf('a', { untrusted: true }) }, {}],
    ['the images differ', { name: 't-level-3-files-v1-00000000000000000000-image' }, {}],
    ['the reader mounts directories only', {}, { accepts: 'direct' }],
  ] as const)('no fork when %s', async (_, writer, reader) => {
    const first = await store.lease(trusted(writer));
    inside(first, 'touch x');
    await first.commit();
    expect((await store.lease(low(reader))).warmth.state).toBe('cold');
  });
});

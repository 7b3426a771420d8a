import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoreOptions } from '../../src/caches/open-store.ts';
import type { BackEnd, Lease, OnConflict, Store } from '../../src/caches/store.ts';
import { hasOverlay, requestOf, StoreRig } from './store-rig.ts';

const backEnds: readonly BackEnd[] = ['direct', 'overlay'];

type Step =
  | { readonly do: 'lease'; readonly name: string; readonly dies: boolean; readonly onConflict: OnConflict }
  | { readonly do: 'commit' | 'roll-back' | 'purge-own'; readonly which: number }
  | { readonly do: 'purge' | 'reconcile' | 'evict' | 'drain' | 'reopen' }
  | { readonly do: 'taint'; readonly task: number };

const names = ['a', 'b'];
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('lease' as const),
      name: fc.constantFrom(...names),
      dies: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      onConflict: fc.constantFrom<OnConflict>('auto', 'own', 'drop'),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('commit' as const), which: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('roll-back' as const, 'purge-own' as const),
      which: fc.nat(9),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'purge' as const,
        'reconcile' as const,
        'evict' as const,
        'drain' as const,
        'reopen' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('taint' as const), task: fc.nat(30) }) },
);

/** What a run sees, and what it wrote; a task writes one file, named after itself. */
class Model {
  /** content of every generation that was committed, by instance and number */
  readonly committed = new Map<string, ReadonlySet<string>>();
  /** files of tasks that must not be seen again */
  readonly banned = new Set<string>();
  readonly open: { lease: Lease; name: string; sees: ReadonlySet<string>; task: string; dies: boolean }[] =
    [];

  met(lease: Lease, name: string, task: string, dies: boolean): void {
    const sees = contentOf(lease);
    const expected = lease.from === null ? new Set() : this.committed.get(keyOf(lease.from));
    expect(sees, `what ${task} meets`).toEqual(expected);
    for (const file of sees) expect(this.banned.has(file), `${task} meets ${file}`).toBe(false);
    if (lease.mount.kind === 'bind')
      for (const other of this.open) expect(other.lease.mount).not.toEqual(lease.mount);
    writeFileSync(join(topOf(lease), task), '');
    this.open.push({ lease, name, task, dies, sees: new Set([...sees, task]) });
  }
}

describe.each(backEnds)('histories of a store, %s (overlay: needs root)', (backEnd) => {
  it.skipIf(backEnd === 'overlay' && !hasOverlay)(
    'serve only what was committed, whole, to nobody twice, and leave nothing',
    { timeout: 300_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) => play(backEnd, steps)),
        { numRuns: Number(process.env['HISTORIES'] ?? 60) },
      );
    },
  );
});

async function play(backEnd: BackEnd, steps: readonly Step[]): Promise<void> {
  await using rig = new StoreRig(backEnd);
  const model = new Model();
  const options = { epochLength: 9 };
  const open = (more: StoreOptions): Promise<Store> => rig.open({ ...options, ...more });
  let live = await open({});
  let mortal = await open({ owner: '999999999.1' });
  let tasks = 0;
  for (const [i, now] of steps.entries()) {
    switch (now.do) {
      case 'lease': {
        const task = `task-${tasks++}`;
        const holder = { taskId: task, runId: 0, label: task };
        const store = now.dies ? mortal : live;
        model.met(
          await store.lease(requestOf(now.name, { holder, onConflict: now.onConflict })),
          now.name,
          task,
          now.dies,
        );
        break;
      }
      case 'commit':
      case 'roll-back':
      case 'purge-own':
        await end(model, now);
        break;
      case 'purge':
        await live.purge(names[i % 2]!, 'somebody');
        for (const files of generationsOf(model, live, names[i % 2]!))
          for (const file of files) model.banned.add(file);
        break;
      case 'taint':
        await live.purgeTainted(`task-${now.task}`, 'somebody');
        model.banned.add(`task-${now.task}`);
        break;
      case 'evict':
        await live.evict({ bytes: Number.MAX_SAFE_INTEGER, inodes: 0 });
        break;
      case 'drain':
        await live.drain();
        break;
      case 'reopen':
        live = await open({});
        mortal = await open({ owner: `999999999.${i + 2}` });
        break;
      case 'reconcile':
        await live.reconcile();
        for (const lost of model.open.filter(({ dies }) => dies)) {
          model.open.splice(model.open.indexOf(lost), 1);
          model.banned.add(lost.task);
        }
        break;
    }
  }
  expect(await live.verify()).toEqual([]);
  for (const { lease, dies } of model.open) if (!dies) await lease.rollBack('the end');
  await live.reconcile();
  await live.drain();
  const { layers, openLeases } = await live.diagnose();
  expect(openLeases).toBe(0);
  expect(rig.onDisk).toHaveLength(layers);
  for (const name of names) await live.purge(name, 'the end');
  await rig.drain();
  expect(rig.onDisk).toEqual([]);
}

async function end(model: Model, now: Extract<Step, { which: number }>): Promise<void> {
  const run = model.open[now.which];
  if (run === undefined) return;
  model.open.splice(now.which, 1);
  if (now.do === 'roll-back') await run.lease.rollBack('asked for');
  if (now.do === 'purge-own') {
    await run.lease.purge('its task');
    for (const file of run.sees) model.banned.add(file);
  }
  if (now.do !== 'commit') {
    model.banned.add(run.task);
    return;
  }
  const outcome = await run.lease.commit();
  if (outcome.kind === 'unchanged') throw new Error(`${run.task} has changed something`);
  if (outcome.kind === 'rolled-back') {
    model.banned.add(run.task);
    return;
  }
  const key = keyOf({ instance: outcome.instance, number: outcome.generation });
  expect(model.committed.has(key), `${key} is committed once`).toBe(false);
  model.committed.set(key, run.sees);
}

/** Files of all runs of the name so far: what was committed, and what is being written. */
function generationsOf(model: Model, store: Store, name: string): Set<string>[] {
  const files = new Set<string>();
  for (const entry of store.entries())
    if (entry.kind === 'lease' && entry.cache.name === name) files.add(entry.holder.taskId);
  return [files];
}

function keyOf({ instance, number }: { readonly instance: string; readonly number: number }): string {
  return `${instance} ${number}`;
}

function topOf({ mount }: Lease): string {
  return mount.kind === 'bind' ? mount.source : mount.upper;
}

/** Nothing is ever deleted in these histories: the union of the layers is what a task would see. */
function contentOf({ mount }: Lease): Set<string> {
  const folders = mount.kind === 'bind' ? [mount.source] : [mount.upper, ...mount.lower];
  return new Set(folders.flatMap((folder) => readdirSync(folder)));
}

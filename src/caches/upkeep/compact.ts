import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureDirectory, isErrno } from '../../base/files.ts';
import type { LayerName } from '../ledger/entry.ts';
import { ownerLives } from '../ledger/boot.ts';
import { append, type Parts, readForChange } from '../parts.ts';
import { decideCommit } from '../state/decide-commit.ts';
import { type Instance, newest, type State } from '../state/state.ts';
import { findDamagedLayer } from '../trees/damage.ts';
import { mergeLayers } from '../trees/merge.ts';
import { takeSeal } from '../trees/seal.ts';
import { measureLater, settle } from './measure.ts';
import { sweepLater } from './sweep.ts';

/** Chains that are longer are merged in the background: every layer makes looking up a name slower. */
export const comfortableChain = 8;

export function compactLater(parts: Parts): void {
  const state = readForChange(parts);
  // Where tasks take all processors a merge at low priority would never end.
  if (findLong(state, parts.mostLayers / 2) !== undefined) hurryMerges(parts);
  if (isMerging(parts, state) || findLong(state, comfortableChain) === undefined) return;
  parts.background.later('compact', async () => {
    await compactChains(parts, comfortableChain);
  });
}

function hurryMerges({ merges }: Parts): void {
  for (const merging of merges.values()) merging.hurry();
}

/** Milliseconds that a commit waits for a merge: it may be that of a process that was stopped, and never ends. */
const patience = 15 * 60_000;

/**
 * A chain takes no more than so many layers: who would commit one more waits until they are merged. So nothing is dropped, and
 * who commits faster than layers are merged is slowed down. Returns when there is room, merging makes none, or it takes too long.
 */
export async function waitForRoom(parts: Parts, lease: string): Promise<void> {
  const begun = parts.clock.now();
  while (isFull(parts, lease)) {
    if (isMerging(parts, readForChange(parts))) {
      if (parts.clock.now() - begun > patience) return;
      hurryMerges(parts);
      await pause(50);
      continue;
    }
    await compactChains(parts, parts.mostLayers - 1);
    if (!isMerging(parts, readForChange(parts))) return;
  }
}

/** Would the run be committed but for the length of its chain? */
function isFull(parts: Parts, id: string): boolean {
  const state = readForChange(parts);
  const lease = state.leases.get(id);
  if (lease === undefined || decideCommit(state, lease, parts.mostLayers).kind === 'commit') return false;
  return decideCommit(state, lease, Number.POSITIVE_INFINITY).kind === 'commit';
}

/** One at a time, also of several processes: it is a lot of writing. What a process that is gone has left is no matter. */
function isMerging({ owner: { boot } }: Parts, { works }: State): boolean {
  return [...works.values()].some(({ owner }) => ownerLives(owner, boot));
}

/**
 * Merges chains that are longer, one after another. Runs go on meanwhile: those that have the old layers mounted keep
 * them, later commits stay on top of the merged layer. Says what was done.
 */
export async function compactChains(parts: Parts, longerThan: number): Promise<string[]> {
  const told: string[] = [];
  if (parts.choice.backEnd !== 'overlay') return told;
  const tried = new Set<string>();
  for (;;) {
    const state = readForChange(parts);
    const instance = isMerging(parts, state) ? undefined : findLong(state, longerThan, tried);
    if (instance === undefined) break;
    tried.add(instance.id);
    told.push(`${instance.name}: ${await compactOne(parts, instance.level, newest(instance).chain)}`);
  }
  if (told.length > 0) sweepLater(parts);
  return told;
}

function findLong({ instances }: State, longerThan: number, tried = new Set<string>()): Instance | undefined {
  return [...instances.values()].find(
    (instance) => newest(instance).chain.length > longerThan && !tried.has(instance.id),
  );
}

async function compactOne(parts: Parts, level: string, chain: readonly LayerName[]): Promise<string> {
  const { layout } = parts;
  const id = randomBytes(8).toString('hex');
  // Long as the ledger knows the work, what lies in its place is nobody else's business.
  const begun = append(parts, (state) => (isMerging(parts, state) ? null : { kind: 'work', id, level }));
  if (begun === null) return 'another process is merging layers';
  const { folder, upper } = layout.run(level, id);
  const abandon = (why: string): string => {
    append(parts, ({ works }) => (works.has(id) ? { kind: 'abandon', work: id, why } : null));
    return `its layers could not be merged: ${why}`;
  };
  try {
    ensureDirectory(layout.runs(level));
    mkdirSync(folder, { mode: 0o700 });
    const layers = chain.map((name) => layout.layer(name));
    const merging = mergeLayers(layers, folder, upper);
    parts.merges.set(id, merging);
    if (chain.length > parts.mostLayers / 2) merging.hurry();
    const complaint = await merging.ended;
    if (complaint !== null) return abandon(complaint);
    // A merged layer gets a seal of its own: what was changed behind our back must not be in it.
    const damage = findDamagedLayer(layout, readForChange(parts), chain);
    if (damage !== null) {
      append(parts, () => ({ kind: 'refuse', ...damage }));
      return abandon(damage.why);
    }
    const layer: LayerName = `${level}/${id}`;
    renameSync(upper, layout.layer(layer));
    // What is merged was on the disk, and is deleted next: this must be there before.
    if (!(await settle(layout.layer(layer)))) return abandon('what was merged does not reach the disk');
    const seal = takeSeal(layout.layer(layer));
    const done = append(parts, (state) => {
      const isStillServed = [...state.instances.values()].some((instance) =>
        newest(instance).chain.join(' ').endsWith(chain.join(' ')),
      );
      if (!state.works.has(id)) return null;
      if (!isStillServed) return { kind: 'abandon', work: id, why: 'the cache is gone' };
      return { kind: 'compact', work: id, chain, layer: { name: layer, seal, settled: true } };
    });
    if (done?.kind !== 'compact') return 'gone before its layers were merged';
    measureLater(parts);
    return `${chain.length} layers were merged`;
  } catch (error) {
    if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'ENOENT')) throw error;
    return abandon(String(error.code));
  } finally {
    parts.merges.delete(id);
  }
}

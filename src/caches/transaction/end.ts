import { renameSync } from 'node:fs';
import { ensureDirectory } from '../../base/files.ts';
import { readEntries } from '../ledger/archive.ts';
import type { EntryBody, LayerName, SealedLayer } from '../ledger/entry.ts';
import { append, failOnDisk, type Parts, readForChange } from '../parts.ts';
import { decideCommit } from '../state/decide-commit.ts';
import { type OpenLease, type State, treeInPlace } from '../state/state.ts';
import { blastRadius } from '../report/taint.ts';
import type { BlastRadius, CommitOutcome } from '../store.ts';
import { isUnchanged, requirementsIn, takeSeal } from '../trees/seal.ts';
import { payDebts } from './debts.ts';
import { compactLater, waitForRoom } from '../upkeep/compact.ts';
import { measureLater, settle } from '../upkeep/measure.ts';
import { sweepLater } from '../upkeep/sweep.ts';

/**
 * The tree first becomes a layer, by one rename, and then a generation, by one entry: a layer without an entry is garbage.
 * What cannot be committed is rolled back.
 */
export async function commitLease(parts: Parts, id: string): Promise<CommitOutcome> {
  try {
    return await tryToCommit(parts, id);
  } catch (error) {
    rollBackLease(parts, id, 'the disk took no more');
    return failOnDisk(parts.layout.root, error);
  }
}

async function tryToCommit(parts: Parts, id: string): Promise<CommitOutcome> {
  const ended = endWithoutChange(parts, id);
  if (ended !== null) return ended;
  await waitForRoom(parts, id);
  const lease = readForChange(parts).leases.get(id);
  if (lease === undefined) return gone(parts);
  const layer = treeInPlace(lease) ?? becomeLayer(parts, lease);
  const path = parts.layout.layer(layer);
  if (parts.durable && !(await settle(path))) {
    const why = 'what it wrote does not reach the disk';
    rollBackLease(parts, id, why);
    return { kind: 'rolled-back', why };
  }
  const sealed = { name: layer, seal: takeSeal(path), settled: parts.durable };
  let own = false;
  const entry = append(parts, (state) => {
    const decision = decideEnd(parts, state, id, sealed);
    own = decision?.own ?? false;
    return decision?.body ?? null;
  });
  if (entry?.kind === 'commit') {
    measureLater(parts);
    compactLater(parts);
    sweepLater(parts);
    const { instance, generation } = entry;
    return { kind: 'committed', instance, generation, own };
  }
  sweepLater(parts);
  return entry?.kind === 'roll-back' ? { kind: 'rolled-back', why: entry.why } : gone(parts);
}

/** When the disk has no room to say so it is said later, by this process or, when that is gone, by who reconciles. */
export function rollBackLease(parts: Parts, id: string, why: string): void {
  parts.owed.set(id, why);
  payDebts(parts);
  sweepLater(parts);
}

export function purgeLease(
  parts: Parts,
  { id, name }: { readonly id: string; readonly name: string },
  why: string,
): void {
  try {
    purgeName(parts, name, why);
  } finally {
    rollBackLease(parts, id, `purged by ${why}`);
  }
}

/** Returns how many instances were hit, those that runs are just filling included. */
export function purgeName(parts: Parts, name: string, why: string): number {
  let hit = 0;
  append(parts, (state) => {
    const cold = [...state.leases.values()].filter(({ cache, from }) => cache.name === name && from === null);
    hit = cold.length + [...state.instances.values()].filter((instance) => instance.name === name).length;
    const isKnown = [...state.names.values()].some((known) => known.name === name);
    return isKnown ? { kind: 'purge', what: { kind: 'name', name }, why } : null;
  });
  sweepLater(parts);
  return hit;
}

/** What came of the task is looked for at each try to enter it: another run may commit something of it meanwhile. */
export function purgeTask(parts: Parts, taskId: string, by: string): BlastRadius {
  let radius: BlastRadius = { generations: [], runs: [] };
  append(parts, (state) => {
    radius = blastRadius(readEntries(parts.layout.ledger), state, taskId);
    const generations = radius.generations.map(({ instance, number }) => ({ instance, number }));
    const why = `${by}: tainted by task ${taskId}`;
    // A task that is still running has written as well, though nobody has seen it yet.
    const leases = [...state.leases.values()]
      .filter(({ holder }) => holder.taskId === taskId)
      .map(({ id }) => id);
    return generations.length === 0 && leases.length === 0
      ? null
      : { kind: 'purge', what: { kind: 'generations', generations, leases }, why };
  });
  return radius;
}

/** A run that has changed nothing adds no layer, so it waits for no room. Null where that is not so. */
function endWithoutChange(parts: Parts, id: string): CommitOutcome | null {
  const state = readForChange(parts);
  const lease = state.leases.get(id);
  if (lease === undefined || !isWithoutChange(parts, state, lease)) return null;
  const entry = append(parts, (state) => unchangedOrRollBack(state, id));
  sweepLater(parts);
  if (entry === null) return gone(parts);
  return entry.kind === 'roll-back'
    ? { kind: 'rolled-back', why: entry.why }
    : { kind: 'unchanged', generation: lease.from?.number ?? 0 };
}

function isWithoutChange({ layout }: Parts, state: State, lease: OpenLease): boolean {
  if (lease.from === null || treeInPlace(lease) !== null) return false;
  const { upper } = layout.run(lease.cache.level, lease.id);
  const seal = state.layers.get(lease.base[0] ?? '')?.seal;
  return seal !== undefined && isUnchanged(upper, seal);
}

function unchangedOrRollBack({ leases }: State, id: string): EntryBody | null {
  const lease = leases.get(id);
  if (lease === undefined) return null;
  if (lease.spoiled !== null) return { kind: 'roll-back', lease: id, why: lease.spoiled };
  return { kind: 'unchanged', lease: id };
}

function becomeLayer({ layout }: Parts, { id, cache: { level } }: OpenLease): LayerName {
  ensureDirectory(layout.layers(level));
  const name = `${level}/${id}`;
  renameSync(layout.run(level, id).upper, layout.layer(name));
  return name;
}

function decideEnd(
  { layout, mostLayers }: Parts,
  state: State,
  id: string,
  layer: SealedLayer,
): { readonly body: EntryBody; readonly own: boolean } | null {
  const lease = state.leases.get(id);
  if (lease === undefined) return null;
  const decision = decideCommit(state, lease, mostLayers);
  if (decision.kind === 'roll-back') {
    return { body: { kind: 'roll-back', lease: id, why: decision.why }, own: false };
  }
  const chain = treeInPlace(lease) === null ? [layer.name, ...lease.base] : lease.base;
  const requirements = requirementsIn(chain.map((name) => layout.layer(name)));
  const { instance, generation, own } = decision;
  const body = {
    kind: 'commit',
    lease: id,
    instance: instance ?? id,
    generation,
    layer,
    requirements,
  } as const;
  return { body, own };
}

/** A lease of a ledger that had to be set aside meanwhile. */
function gone(parts: Parts): CommitOutcome {
  sweepLater(parts);
  return { kind: 'rolled-back', why: 'the ledger no longer knows of the run' };
}

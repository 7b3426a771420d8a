import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packEpochs, removeLeftovers } from '../ledger/archive.ts';
import { ownerLives } from '../ledger/boot.ts';
import type { EntryBody } from '../ledger/entry.ts';
import { pruneEpochs } from '../ledger/prune.ts';
import { append, failOnDisk, type Parts, read } from '../parts.ts';
import { newest, type State } from '../state/state.ts';
import { doom } from '../trees/deletion.ts';
import { type Layout, levels } from '../trees/layout.ts';
import { payDebts } from '../transaction/debts.ts';
import { compactLater } from './compact.ts';
import { measureLater } from './measure.ts';
import { doomGarbage, sweepLater } from './sweep.ts';

/** Finishes what was begun and rolls back what nobody will end; other processes may be at work. Says what was done. */
export function reconcileStore(parts: Parts): string[] {
  const { layout, told } = parts;
  try {
    payDebts(parts);
    parts.ledger.reserve.lay();
    for (let done = repairOne(parts); done; done = repairOne(parts));
    const unknown = doomGarbage(parts);
    if (unknown > 0) told.push(`deleted ${unknown} trees that nothing refers to`);
    doomOldLayout(parts);
    packEpochs(layout.ledger, parts.owner.process);
    pruneEpochs(layout.ledger, read(parts), parts.clock.now());
    removeLeftovers(layout.root);
  } catch (error) {
    return failOnDisk(layout.root, error);
  }
  sweepLater(parts);
  measureLater(parts);
  compactLater(parts);
  return told.splice(0);
}

/** One entry, and whether there was anything to write. */
function repairOne(parts: Parts): boolean {
  let what = '';
  const entry = append(parts, (state) => {
    const repair = findRepair(state, parts.owner.boot);
    what = repair?.what ?? '';
    return repair?.body ?? null;
  });
  if (entry !== null) parts.told.push(what);
  return entry !== null;
}

function findRepair(state: State, boot: string): { readonly what: string; readonly body: EntryBody } | null {
  for (const { id, owner, cache } of state.leases.values()) {
    if (ownerLives(owner, boot)) continue;
    const why = 'the process that used it was killed';
    const what = `rolled back ${cache.name}: the process that used it is gone`;
    return { what, body: { kind: 'roll-back', lease: id, why } };
  }
  for (const { id, owner } of state.works.values()) {
    if (ownerLives(owner, boot)) continue;
    const what = 'gave up merging layers: the process that did it is gone';
    return { what, body: { kind: 'abandon', work: id, why: 'its process was killed' } };
  }
  return findUnsettled(state, boot);
}

/** What was written shortly before the machine went down may be there in part. */
function findUnsettled(
  state: State,
  boot: string,
): { readonly what: string; readonly body: EntryBody } | null {
  for (const instance of state.instances.values()) {
    for (const { chain } of [newest(instance), ...instance.generations]) {
      const layers = chain.filter((name) => {
        const layer = state.layers.get(name);
        return layer !== undefined && !layer.settled && layer.boot !== boot;
      });
      if (layers.length === 0) continue;
      const why = 'the machine went down before it was on the disk';
      return {
        what: `gave up a generation of ${instance.name}: ${why}`,
        body: { kind: 'refuse', layers, why },
      };
    }
  }
  return null;
}

/** Homes of version 0.1 and before: what is in them is not taken over. */
function doomOldLayout({ layout, told }: Parts): void {
  const old = findOldLayout(layout);
  if (old.length === 0) return;
  for (const path of old) doom(path, layout.doomed('1'));
  told.push('caches of an older version were deleted: their layout is no longer used');
}

export function findOldLayout(layout: Layout): string[] {
  return [
    ...levels.flatMap((level) =>
      ['idle', 'leased'].map((state) => join(layout.root, `level-${level}`, state)),
    ),
    ...['names', 'purged', 'history.jsonl', 'history.old.jsonl'].map((name) => join(layout.root, name)),
  ].filter((path) => existsSync(path));
}

/** For reports: open leases of processes that are gone, which the next reconciliation rolls back. */
export function abandonedLeases(parts: Parts): number {
  return [...read(parts).leases.values()].filter(({ owner }) => !ownerLives(owner, parts.owner.boot)).length;
}

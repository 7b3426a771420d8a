import { dirname } from 'node:path';
import type { Change, Disk } from './disk.ts';

/**
 * What a disk may hold when the power goes at the end of some changes: what was synced, and of the rest any part. A
 * file's sync keeps its content, owner and mode; a directory's sync keeps the names in it. Tried are: all, nothing,
 * all but one or two, one alone, and each write done by half; each is made when it is asked for. With `isOrdered` a sync keeps all owners and modes that
 * were changed before it, as journals of file systems do.
 */
export function* afterPowerLoss(
  fresh: () => Disk,
  changes: readonly Change[],
  isOrdered: boolean,
): Generator<{ readonly missing: readonly number[]; readonly make: () => Disk }> {
  const pending = pendingOf(changes, isOrdered);
  const lost: number[][] = [[], pending];
  for (const [index, one] of pending.entries()) {
    lost.push(
      [one],
      pending.filter((other) => other !== one),
    );
    for (const other of pending.slice(index + 1)) lost.push([one, other]);
  }
  for (const missing of lost) yield { missing, make: () => replay(fresh(), changes, new Set(missing), null) };
  for (const at of pending) {
    if (changes[at]?.kind === 'write')
      yield { missing: [at], make: () => replay(fresh(), changes, new Set(), at) };
  }
}

/** The changes that a power loss at their end may take. */
export function pendingOf(changes: readonly Change[], isOrdered: boolean): number[] {
  return changes.flatMap((_, at) => (isKept(changes, at, isOrdered) ? [] : [at]));
}

/** The disk after some changes, without those that are lost; `torn` is a write of which the first half was done. */
export function replay(
  disk: Disk,
  changes: readonly Change[],
  lost: ReadonlySet<number> = new Set(),
  torn: number | null = null,
): Disk {
  for (const [at, change] of changes.entries()) {
    if (lost.has(at)) continue;
    if (at === torn && change.kind === 'write') {
      disk.apply({ ...change, data: change.data.subarray(0, change.data.length >> 1) });
    } else disk.apply(change);
  }
  return disk;
}

/** True when something after a change made it durable. */
function isKept(changes: readonly Change[], at: number, isOrdered: boolean): boolean {
  const change = changes[at];
  if (change === undefined || ['sync', 'sync-all', 'seek', 'told'].includes(change.kind)) return true;
  const isAboutNames = ['mkdir', 'rename', 'remove', 'link', 'symlink'].includes(change.kind);
  const isAboutOwners = change.kind === 'chown' || change.kind === 'chmod';
  let path = change.path;
  for (const [index, later] of changes.slice(at + 1).entries()) {
    if (later.kind === 'sync-all') return true;
    if (later.kind === 'rename' && later.path === path && !isAboutNames) path = later.to;
    // What is there by its new name has been made.
    if (later.kind === 'rename' && later.path === change.path && change.kind === 'mkdir')
      return isKept(changes, at + 1 + index, isOrdered);
    if (later.kind !== 'sync') continue;
    if (isOrdered && isAboutOwners) return true;
    // A rename is whole on every file system with a journal: what is asked is whether the new name is there.
    const named = change.kind === 'rename' ? change.to : change.path;
    const place = isAboutNames || (change.kind === 'open' && change.create) ? dirname(named) : path;
    if (later.path === place) return true;
  }
  return false;
}

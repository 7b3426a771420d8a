import type { Requirements } from './requirements.ts';
import type { FileOwner, OwnerMap } from './store.ts';

/** Whom the files belong to by the requirements that came with them; null when these do not say. */
export function ownerIn(requirements: Requirements | null): FileOwner | null {
  const [uid, gid] = ['uid', 'gid'].map((key) => {
    const line = requirements?.find((other) => other.startsWith(`${key}=`));
    return line === undefined || !/^\d{1,10}$/.test(line.slice(4)) ? Number.NaN : Number(line.slice(4));
  }) as [number, number];
  return Number.isNaN(uid) || Number.isNaN(gid) ? null : { uid, gid };
}

/** The requirements as they would be had that owner filled the cache. */
export function asOwner(requirements: Requirements, { uid, gid }: FileOwner): Requirements {
  const others = requirements.filter((line) => !/^[ug]id=/.test(line));
  return [...others, `gid=${gid}`, `uid=${uid}`].sort();
}

export function isSameOwner(a: FileOwner, b: FileOwner): boolean {
  return a.uid === b.uid && a.gid === b.gid;
}

/**
 * May a mount show files of the one as those of the other? The two ids change places then, and all others stay. Root is never
 * one of the two: what an ordinary user has made set-id must not become root's.
 */
export function isMappable({ disk, task }: OwnerMap): boolean {
  return (['uid', 'gid'] as const).every((id) => disk[id] === task[id] || (disk[id] !== 0 && task[id] !== 0));
}

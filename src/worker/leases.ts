import type { CacheUse } from '../base/event.ts';
import { parseName } from '../caches/name.ts';
import type { CacheRecord } from '../caches/record.ts';
import type { Lease, Store } from '../caches/store.ts';
import type { TaskDefinition } from '../task/definition.ts';
import { isObject } from './payload/reader.ts';
import { PayloadError, type Work } from './payload/work.ts';
import type { CacheVerdict } from './resolution.ts';

/** What the compiler keeps of a cache at `task.extra.caisson.caches[name]`. */
interface Declared {
  readonly shortName: string;
  readonly record: CacheRecord | null;
  readonly commitOn: 'success' | 'end';
}

export interface HeldCache {
  readonly lease: Lease;
  readonly mountPoint: string;
  readonly commitOn: 'success' | 'end';
}

/**
 * Checks that the task may use its caches and that they belong to our wrapper. Caches that another run-task fills must
 * not be filled by ours.
 */
export function checkCaches(task: TaskDefinition, work: Work, wrapper: string): void {
  const reasons: string[] = [];
  for (const { name } of work.caches) {
    const scope = `${work.implementation}:cache:${name}`;
    if (!task.scopes.some((held) => satisfies(held, scope))) reasons.push(`the scope ${scope} is missing`);
    const wanted = declaredOf(task, name).record?.wrapper;
    if (wanted !== undefined && wanted !== wrapper) {
      reasons.push(
        `cache ${name} is filled by run-task ${wanted.slice(0, 12)}, this worker has ${wrapper.slice(0, 12)}`,
      );
    }
  }
  if (reasons.length > 0) throw new PayloadError(reasons);
}

/** Leases every cache of the run, in the order of their names; gives back what it has when one cannot be had. */
export async function leaseCaches(
  store: Store,
  task: TaskDefinition,
  run: { readonly taskId: string; readonly runId: number },
  work: Work,
): Promise<HeldCache[]> {
  const held: HeldCache[] = [];
  const holder = { ...run, label: task.metadata.name };
  try {
    for (const { name, mountPoint } of [...work.caches].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const { shortName, record, commitOn } = declaredOf(task, name);
      const { trustDomain, level } = parseName(name) ?? { trustDomain: 'unknown', level: '1' };
      const lease = await store.lease({ name, trustDomain, level, shortName, record, mountPoint, holder });
      held.push({ lease, mountPoint, commitOn });
    }
    return held;
  } catch (error) {
    for (const { lease } of held) await lease.rollBack('another cache of the task could not be leased');
    throw error;
  }
}

/** Ends every lease. */
export async function returnCaches(
  held: readonly HeldCache[],
  verdict: CacheVerdict,
  succeeded: boolean,
): Promise<void> {
  for (const { lease, commitOn } of held) {
    if (verdict.kind === 'purge') await lease.purge(verdict.why);
    else if (verdict.kind === 'roll-back') await lease.rollBack(verdict.why);
    else if (commitOn === 'success' && !succeeded)
      await lease.rollBack('the task failed, and the cache keeps success only');
    else await lease.commit();
  }
}

export function useOf({ lease: { name, warmth }, mountPoint }: HeldCache): CacheUse {
  return warmth.state === 'warm'
    ? {
        name,
        mountPoint,
        state: 'warm',
        why: null,
        generation: warmth.generation,
        ageSeconds: warmth.ageSeconds,
      }
    : { name, mountPoint, state: 'cold', why: warmth.why, generation: null, ageSeconds: null };
}

/** Names that another compiler made have no record: they are compared by name alone. */
function declaredOf(task: TaskDefinition, name: string): Declared {
  const caisson = task.extra['caisson'];
  const caches = isObject(caisson) ? caisson['caches'] : undefined;
  const entry = isObject(caches) ? caches[name] : undefined;
  if (!isObject(entry)) return { shortName: parseName(name)?.name ?? name, record: null, commitOn: 'end' };
  return {
    shortName: typeof entry['shortName'] === 'string' ? entry['shortName'] : name,
    record: (entry['record'] as CacheRecord | undefined) ?? null,
    commitOn: entry['commitOn'] === 'success' ? 'success' : 'end',
  };
}

function satisfies(held: string, wanted: string): boolean {
  return held === wanted || (held.endsWith('*') && wanted.startsWith(held.slice(0, -1)));
}

import type { CacheUse } from '../base/event.ts';
import { parseName } from '../caches/name.ts';
import type { CacheRecord } from '../caches/record.ts';
import type { BackEnd, FileOwner, Lease, LeaseRequest, OnConflict, Store } from '../caches/store.ts';
import { commandUser, wrapperCommand } from '../task/command.ts';
import type { TaskDefinition } from '../task/definition.ts';
import type { Engine } from './engines/engine.ts';
import { isObject } from './payload/reader.ts';
import { PayloadError, type Work } from './payload/work.ts';
import type { CacheVerdict } from './resolution.ts';

/** What the compiler keeps of a cache at `task.extra.caisson.caches[name]`. */
interface Declared {
  readonly shortName: string;
  readonly record: CacheRecord | null;
  readonly commitOn: 'success' | 'end';
  readonly shareDown: boolean;
  readonly onConflict: OnConflict;
  readonly backEnd?: BackEnd;
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

/** What the engine can mount, and as whose. */
export type EngineTraits = Pick<LeaseRequest, 'accepts' | 'owner' | 'mapsOwners'>;

/** `root`: where the caches are. */
export function traitsOf(engine: Engine, work: Work, root: string): EngineTraits {
  const accepts: BackEnd = engine.name === 'oci' ? 'overlay' : 'direct';
  const owner = ownerOf(engine, work);
  if (owner === null) return { accepts };
  const mapsOwners = engine.mapsOwners?.bind(engine, root);
  return { accepts, owner, ...(mapsOwners ? { mapsOwners } : {}) };
}

/** Whom run-task gives its caches to; null where something else is the command, or nobody knows the user's number yet. */
function ownerOf(engine: Engine, { implementation, commands }: Work): FileOwner | null {
  const words = wrapperCommand(implementation, implementation === 'generic-worker' ? commands : commands[0]);
  const [user, group] = (words === null ? null : commandUser(words))?.split(':') ?? [];
  return user === undefined || group === undefined ? null : (engine.identify?.(user, group) ?? null);
}

/**
 * Leases every cache of the run, in the order of their names; gives back what it has when one cannot be had.
 */
export async function leaseCaches(
  store: Store,
  task: TaskDefinition,
  run: { readonly taskId: string; readonly runId: number },
  work: Work,
  engine: EngineTraits,
): Promise<HeldCache[]> {
  const held: HeldCache[] = [];
  const holder = { ...run, label: task.metadata.name };
  try {
    for (const { name, mountPoint } of [...work.caches].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const { commitOn, ...declared } = declaredOf(task, name);
      const { trustDomain, level } = parseName(name) ?? { trustDomain: 'unknown', level: '1' };
      const lease = await store.lease({
        name,
        trustDomain,
        level,
        mountPoint,
        holder,
        ...engine,
        ...declared,
      });
      held.push({ lease, mountPoint, commitOn });
    }
    return held;
  } catch (error) {
    for (const { lease } of held) await lease.rollBack('another cache of the task could not be leased');
    throw error;
  }
}

/** Ends every lease, also when one cannot be ended; then throws for that one. Says of which caches nothing was kept, and why. */
export async function returnCaches(
  held: readonly HeldCache[],
  verdict: CacheVerdict,
  succeeded: boolean,
): Promise<string[]> {
  const notes: string[] = [];
  const errors: unknown[] = [];
  for (const cache of held) {
    try {
      const note = await returnCache(cache, verdict, succeeded);
      if (note !== null) notes.push(`cache ${cache.mountPoint}: ${note}`);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return notes;
}

async function returnCache(
  { lease, commitOn }: HeldCache,
  verdict: CacheVerdict,
  succeeded: boolean,
): Promise<string | null> {
  if (verdict.kind === 'purge') {
    await lease.purge(verdict.why);
    return `purged by ${verdict.why}`;
  }
  const isKept = verdict.kind === 'commit' && (commitOn === 'end' || succeeded);
  if (isKept) {
    const outcome = await lease.commit();
    return outcome.kind === 'rolled-back' ? `not kept: ${outcome.why}` : null;
  }
  const why = verdict.kind === 'commit' ? 'the task failed, and the cache keeps success only' : verdict.why;
  await lease.rollBack(why);
  return `rolled back: ${why}`;
}

/** The directories that the run's changes go to. */
export function writtenBy(held: readonly HeldCache[]): string[] {
  return held.map(({ lease: { mount } }) => (mount.kind === 'bind' ? mount.source : mount.upper));
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
  const undeclared = { record: null, commitOn: 'end', shareDown: false, onConflict: 'auto' } as const;
  if (!isObject(entry)) return { shortName: parseName(name)?.name ?? name, ...undeclared };
  const { shortName, record, commitOn, shareDown, onConflict, backend } = entry;
  return {
    shortName: typeof shortName === 'string' ? shortName : name,
    record: (record as CacheRecord | undefined) ?? null,
    commitOn: commitOn === 'success' ? 'success' : 'end',
    shareDown: shareDown === true,
    onConflict: onConflict === 'own' || onConflict === 'drop' ? onConflict : 'auto',
    ...(backend === 'overlay' || backend === 'direct' ? { backEnd: backend } : {}),
  };
}

function satisfies(held: string, wanted: string): boolean {
  return held === wanted || (held.endsWith('*') && wanted.startsWith(held.slice(0, -1)));
}

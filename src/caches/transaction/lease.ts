import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirectory } from '../../base/files.ts';
import type { Entry, EntryBody } from '../ledger/entry.ts';
import { asOwner, isSameOwner, ownerIn } from '../ownership.ts';
import { append, failOnDisk, type Parts, readForChange } from '../parts.ts';
import { formatRequirements } from '../requirements.ts';
import { type Base, chooseBase } from '../state/choose.ts';
import { explainCold } from '../state/explain.ts';
import type { State } from '../state/state.ts';
import type { BackEnd, FileOwner, Lease, LeaseMount, LeaseRequest, OverlayMount, Warmth } from '../store.ts';
import { makeUpper, overlayOptions } from '../trees/overlay.ts';
import { type Damage, findDamagedLayer } from '../trees/damage.ts';
import { requirementsIn } from '../trees/seal.ts';
import { levels } from '../trees/layout.ts';
import { payDebts } from './debts.ts';
import { commitLease, purgeLease, rollBackLease } from './end.ts';

type LeaseEntry = Extract<EntryBody, { kind: 'lease' }>;

/** Chooses what the run starts from, checks it against its seals, enters the lease and makes what has to be mounted. */
export async function leaseCache(parts: Parts, request: LeaseRequest): Promise<Lease> {
  if (!(levels as readonly string[]).includes(request.level))
    throw new Error(`no trust level: ${request.level}`);
  payDebts(parts);
  const id = randomBytes(8).toString('hex');
  const backEnd = backEndFor(parts, request);
  for (;;) {
    const unmapped = await whyUnmapped(parts, request, backEnd);
    const entry = enter(parts, { request, id, backEnd, unmapped });
    // What was refused is gone; something else may be there.
    if (entry?.kind !== 'lease') continue;
    const mount = makeTrees(parts, entry, request.owner);
    return openLease(parts, entry, mount);
  }
}

interface Asked {
  readonly request: LeaseRequest;
  readonly id: string;
  readonly backEnd: BackEnd;
  /** why owners are not mapped; null when they are */
  readonly unmapped: string | null;
}

/** Why files of another owner are of no use to the request; null when they can be mapped. The engine is asked if it matters. */
async function whyUnmapped(parts: Parts, request: LeaseRequest, backEnd: BackEnd): Promise<string | null> {
  const { owner, mapsOwners } = request;
  if (owner === undefined) return unneeded;
  const isAnothers = (mapped: boolean): boolean =>
    chooseBase(readForChange(parts), request, { backEnd, mapped }) === 'other owner';
  if (!isAnothers(false)) return unneeded;
  if (backEnd === 'direct') return 'a plain directory is not mapped';
  if (isAnothers(true)) return 'root’s files and those without requirements are not mapped';
  if (mapsOwners === undefined) return 'the engine does not map owners';
  const works = await mapsOwners();
  return works.ok ? null : works.error;
}

/** Told only when another run commits files of another owner at that very moment. */
const unneeded = 'they have only just been committed';

function enter(parts: Parts, asked: Asked): Entry | null {
  try {
    return append(parts, (state) => decideLease(parts, state, asked));
  } catch (error) {
    // It may have been entered and something after that have gone wrong: then nobody would ever end it.
    rollBackLease(parts, asked.id, 'the disk took no more');
    throw error;
  }
}

function backEndFor({ choice }: Parts, { accepts, backEnd }: LeaseRequest): BackEnd {
  return choice.backEnd === 'direct' || accepts === 'direct' ? 'direct' : (backEnd ?? choice.backEnd);
}

function decideLease(parts: Parts, state: State, { request, id, backEnd, unmapped }: Asked): EntryBody {
  const base = chooseBase(state, request, { backEnd, mapped: unmapped === null });
  const at = parts.clock.now();
  if (typeof base === 'string') {
    const warmth = explainCold(state, request, { reason: base, backEnd, now: at, unmapped });
    return leaseEntry(request, { id, backEnd, warmth, from: null, chain: [] });
  }
  const damage = findDamage(parts, state, base);
  if (damage !== null) return { kind: 'refuse', ...damage };
  const { instance, generation, isFork } = base;
  const warmth: Warmth = {
    state: 'warm',
    generation: generation.number,
    ageSeconds: Math.max(0, Math.round((at - Date.parse(generation.at)) / 1000)),
    ...(isFork ? { forkedFrom: instance.name } : {}),
  };
  const from = { instance: instance.id, number: generation.number };
  return leaseEntry(request, { id, backEnd, warmth, from, chain: generation.chain });
}

function leaseEntry(
  {
    name,
    trustDomain,
    level,
    shortName,
    record,
    shareDown = false,
    mountPoint,
    holder,
    onConflict,
  }: LeaseRequest,
  rest: Pick<LeaseEntry, 'id' | 'backEnd' | 'warmth' | 'from' | 'chain'>,
): LeaseEntry {
  const cache = { name, trustDomain, level, shortName, record, shareDown };
  return { kind: 'lease', cache, mountPoint, holder, onConflict: onConflict ?? 'auto', ...rest };
}

/** The layers that are not what their seals say, and why. */
function findDamage(
  { layout }: Parts,
  state: State,
  { generation: { chain, requirements } }: Base,
): Damage | null {
  const damage = findDamagedLayer(layout, state, chain);
  if (damage !== null) return damage;
  const found = requirementsIn(chain.map((name) => layout.layer(name)));
  if (JSON.stringify(found) === JSON.stringify(requirements)) return null;
  return { layers: chain.slice(0, 1), why: 'its requirements are not those of its commit' };
}

function makeTrees(parts: Parts, entry: LeaseEntry, owner: FileOwner | undefined): LeaseMount {
  const { layout } = parts;
  const { id, chain, backEnd, cache } = entry;
  const [top] = chain;
  if (backEnd === 'direct' && top !== undefined) return { kind: 'bind', source: layout.layer(top) };
  const { folder, upper, work } = layout.run(cache.level, id);
  try {
    ensureDirectory(layout.runs(cache.level));
    makeUpper({ folder, upper, work }, top === undefined ? null : layout.layer(top));
    if (top === undefined) return { kind: 'bind', source: upper };
    const lower = chain.map((name) => layout.layer(name));
    const options = [...overlayOptions, ...(parts.durable ? [] : ['volatile'])];
    const mapped = owner === undefined ? {} : mapOwner(lower, owner, join(folder, 'requirements'));
    return { kind: 'overlay', lower, upper, work, options, ...mapped };
  } catch (error) {
    rollBackLease(parts, id, 'its directory could not be made');
    return failOnDisk(layout.root, error);
  }
}

/** What a mount needs to show the layers as that owner's; nothing when they are. Writes the requirements to `path`. */
function mapOwner(
  layers: readonly string[],
  task: FileOwner,
  path: string,
): Pick<OverlayMount, 'owners' | 'requirements'> {
  const found = requirementsIn(layers);
  const disk = ownerIn(found);
  if (found === null || disk === null || isSameOwner(disk, task)) return {};
  writeFileSync(path, formatRequirements(asOwner(found, task)), { flag: 'wx' });
  chmodSync(path, 0o444);
  return { owners: { disk, task }, requirements: path };
}

function openLease(parts: Parts, entry: LeaseEntry, mount: LeaseMount): Lease {
  const { id, cache, warmth, from } = entry;
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) throw new Error(`the lease of ${cache.name} has ended already`);
    isOpen = false;
  };
  return {
    id,
    name: cache.name,
    mount,
    warmth,
    from,
    commit: async () => {
      close();
      return commitLease(parts, id);
    },
    rollBack: async (why) => {
      close();
      rollBackLease(parts, id, why);
    },
    purge: async (why) => {
      close();
      purgeLease(parts, { id, name: cache.name }, why);
    },
  };
}

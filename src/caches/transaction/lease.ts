import { randomBytes } from 'node:crypto';
import { ensureDirectory } from '../../base/files.ts';
import type { Entry, EntryBody } from '../ledger/entry.ts';
import { append, failOnDisk, type Parts } from '../parts.ts';
import { type Base, chooseBase } from '../state/choose.ts';
import { explainCold } from '../state/explain.ts';
import type { State } from '../state/state.ts';
import type { BackEnd, Lease, LeaseMount, LeaseRequest, Warmth } from '../store.ts';
import { makeUpper, overlayOptions } from '../trees/overlay.ts';
import { type Damage, findDamagedLayer } from '../trees/damage.ts';
import { requirementsIn } from '../trees/seal.ts';
import { levels } from '../trees/layout.ts';
import { payDebts } from './debts.ts';
import { commitLease, purgeLease, rollBackLease } from './end.ts';

type LeaseEntry = Extract<EntryBody, { kind: 'lease' }>;

/** Chooses what the run starts from, checks it against its seals, enters the lease and makes what has to be mounted. */
export function leaseCache(parts: Parts, request: LeaseRequest): Lease {
  if (!(levels as readonly string[]).includes(request.level))
    throw new Error(`no trust level: ${request.level}`);
  payDebts(parts);
  const id = randomBytes(8).toString('hex');
  const backEnd = backEndFor(parts, request);
  for (;;) {
    const entry = enter(parts, { request, id, backEnd });
    // What was refused is gone; something else may be there.
    if (entry?.kind !== 'lease') continue;
    const mount = makeTrees(parts, entry);
    return openLease(parts, entry, mount);
  }
}

interface Asked {
  readonly request: LeaseRequest;
  readonly id: string;
  readonly backEnd: BackEnd;
}

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

function decideLease(parts: Parts, state: State, { request, id, backEnd }: Asked): EntryBody {
  const base = chooseBase(state, request, backEnd);
  const at = parts.clock.now();
  if (typeof base === 'string') {
    const warmth = explainCold(state, request, { reason: base, backEnd, now: at });
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

function makeTrees(parts: Parts, entry: LeaseEntry): LeaseMount {
  const { layout } = parts;
  const { id, chain, backEnd, cache } = entry;
  const [top] = chain;
  if (backEnd === 'direct' && top !== undefined) return { kind: 'bind', source: layout.layer(top) };
  const { folder, upper, work } = layout.run(cache.level, id);
  try {
    ensureDirectory(layout.runs(cache.level));
    makeUpper({ folder, upper, work }, top === undefined ? null : layout.layer(top));
  } catch (error) {
    rollBackLease(parts, id, 'its directory could not be made');
    return failOnDisk(layout.root, error);
  }
  if (top === undefined) return { kind: 'bind', source: upper };
  const lower = chain.map((name) => layout.layer(name));
  const options = [...overlayOptions, ...(parts.durable ? [] : ['volatile'])];
  return { kind: 'overlay', lower, upper, work, options };
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

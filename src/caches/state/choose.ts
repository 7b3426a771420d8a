import { canonicalJson } from '../../base/hash.ts';
import { parseName } from '../name.ts';
import { isMappable, isSameOwner, ownerIn } from '../ownership.ts';
import type { CacheRecord } from '../record.ts';
import type { BackEnd, FileOwner, LeaseRequest } from '../store.ts';
import { type Generation, type Instance, instancesOf, newest, type State, treeInPlace } from './state.ts';

/** What a run may start from. */
export interface Base {
  readonly instance: Instance;
  readonly generation: Generation;
  /** a trusted cache that is not the run's own */
  readonly isFork: boolean;
}

export interface Wanted {
  readonly backEnd: BackEnd;
  /** files of another owner will do where they can be mapped */
  readonly mapped: boolean;
}

/** Why there is none although there are instances. */
export type NoBase = 'none' | 'in use' | 'layered' | 'other owner';

/**
 * The newest generation that the request may start from with that back end. Direct: one that nobody else uses and that
 * is one plain tree. Pure.
 */
export function chooseBase(state: State, request: LeaseRequest, wanted: Wanted): Base | NoBase {
  const { backEnd } = wanted;
  const own = instancesOf(state, request).sort((a, b) => newest(b).order - newest(a).order);
  const fitting = own.filter((instance) => fitsOwner(state, newest(instance), request.owner, wanted));
  const free = fitting.filter((instance) =>
    backEnd === 'overlay' ? !isWorkedIn(state, instance) : !isMounted(state, instance),
  );
  const instance = free.find(({ generations }) => backEnd === 'overlay' || isPlain(state, generations));
  if (instance !== undefined) return { instance, generation: newest(instance), isFork: false };
  if (own.length === 0) return chooseFork(state, request, wanted);
  if (fitting.length === 0) return 'other owner';
  return free.length === 0 ? 'in use' : 'layered';
}

/** The newest generation of a higher level, or of the trusted record, that both sides allow to be started from. */
function chooseFork(state: State, request: LeaseRequest, wanted: Wanted): Base | 'none' | 'other owner' {
  const { record, shareDown, owner } = request;
  if (record === null || shareDown !== true || wanted.backEnd !== 'overlay') return 'none';
  const above = [...state.instances.values()]
    .filter((instance) => isAbove(instance, newest(instance), request, record))
    .filter((instance) => !isWorkedIn(state, instance));
  const [found] = above
    .filter((instance) => fitsOwner(state, newest(instance), owner, wanted))
    .sort((a, b) => newest(b).order - newest(a).order);
  if (found !== undefined) return { instance: found, generation: newest(found), isFork: true };
  return above.length === 0 ? 'none' : 'other owner';
}

function isAbove(
  instance: Instance,
  { record, shareDown }: Generation,
  request: LeaseRequest,
  wanted: CacheRecord,
): boolean {
  if (record === null || !shareDown || record.untrusted === true) return false;
  if (instance.trustDomain !== request.trustDomain || instance.shortName !== request.shortName) return false;
  if (Number(instance.level) < Number(request.level)) return false;
  if (instance.level === request.level && wanted.untrusted !== true) return false;
  // The image of an in-tree build is in the name only.
  if (parseName(instance.name)?.suffix !== parseName(request.name)?.suffix) return false;
  return canonicalJson(trusted(record)) === canonicalJson(trusted(wanted));
}

function trusted({ untrusted: _, ...record }: CacheRecord): Omit<CacheRecord, 'untrusted'> {
  return record;
}

function fitsOwner(
  state: State,
  generation: Generation,
  task: FileOwner | undefined,
  { backEnd, mapped }: Wanted,
): boolean {
  if (task === undefined) return true;
  const disk = ownerIn(generation.requirements);
  // Where no requirements say whose the files are, the root has to do; what is not known is not mapped.
  const seen = disk ?? state.layers.get(generation.chain[0] ?? '')?.seal;
  if (seen === undefined || isSameOwner(seen, task)) return true;
  return disk !== null && mapped && backEnd === 'overlay' && isMappable({ disk, task });
}

/** Does a direct lease change one of its layers right now? */
function isWorkedIn(state: State, instance: Instance): boolean {
  const { chain } = newest(instance);
  return [...state.leases.values()].some((lease) => {
    const tree = treeInPlace(lease);
    return tree !== null && chain.includes(tree);
  });
}

function isMounted(state: State, instance: Instance): boolean {
  const { chain } = newest(instance);
  return [...state.leases.values()].some((lease) =>
    [...lease.chain, ...lease.base].some((layer) => chain.includes(layer)),
  );
}

/** One tree of its own level that no other generation is built upon. */
function isPlain(state: State, generations: readonly Generation[]): boolean {
  const { chain } = generations[generations.length - 1]!;
  const [layer] = chain;
  if (layer === undefined || chain.length !== 1) return false;
  const users = [...state.instances.values()].flatMap((other) =>
    other.generations.filter((generation) => generation.chain.includes(layer)),
  );
  return users.length === 1;
}

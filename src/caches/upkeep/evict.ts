import { statfsSync } from 'node:fs';
import { append, type Parts, read } from '../parts.ts';
import { dropInstances } from '../state/apply.ts';
import { restoreState, saveState } from '../state/checkpoint.ts';
import { type Instance, layersInUse, newest, type State } from '../state/state.ts';
import type { Eviction, EvictOptions, FreeSpace } from '../store.ts';
import { sweepLater } from './sweep.ts';

/** What is free for us on the store's file system. */
export function freeSpace({ layout }: Parts): FreeSpace {
  const { bsize, bavail, files, ffree } = statfsSync(layout.root);
  // Some file systems (btrfs) make inodes as they need them and count none.
  return { bytes: bsize * bavail, inodes: files === 0 ? Number.MAX_SAFE_INTEGER : ffree };
}

export function totalSpace({ layout }: Parts): FreeSpace {
  const { bsize, blocks, files } = statfsSync(layout.root);
  return { bytes: bsize * blocks, inodes: files === 0 ? Number.MAX_SAFE_INTEGER : files };
}

/**
 * Evicts one instance after another until what their deletion sets free is enough; never one in use, and at most half of
 * what is there, so that a full disk that others fill does not cost every cache.
 */
export function evictInstances(
  parts: Parts,
  wanted: FreeSpace,
  { idleSeconds = 0, sparing = [], dryRun = false }: EvictOptions = {},
): Eviction[] {
  const free = freeSpace(parts);
  const missing = { bytes: wanted.bytes - free.bytes, inodes: wanted.inodes - free.inodes };
  const why =
    missing.bytes > 0 ? `disk below ${size(wanted.bytes)}` : `fewer than ${wanted.inodes} inodes free`;
  const evicted: Eviction[] = [];
  const choose = (state: State): Candidate | undefined => {
    const most = Math.ceil((state.instances.size + evicted.length) / 2);
    if (evicted.length >= most) return undefined;
    return candidates(state, parts.clock.now(), { idleSeconds, sparing })[0];
  };
  const take = dryRun ? imagine(parts, choose) : evictOne(parts, choose, why);
  while (missing.bytes > 0 || missing.inodes > 0) {
    const next = take();
    if (next === undefined) break;
    const { instance, bytes, files } = next;
    evicted.push({ name: instance.name, instance: instance.id, why, bytes });
    missing.bytes -= bytes;
    missing.inodes -= files;
  }
  if (evicted.length > 0 && !dryRun) sweepLater(parts);
  return evicted;
}

type Choose = (state: State) => Candidate | undefined;

function evictOne(parts: Parts, choose: Choose, why: string): () => Candidate | undefined {
  return () => {
    let next: Candidate | undefined;
    append(parts, (state) => {
      next = choose(state);
      return next === undefined ? null : { kind: 'evict', instances: [next.instance.id], why };
    });
    return next;
  };
}

/** The same on a copy of the state, with nothing entered. */
function imagine(parts: Parts, choose: Choose): () => Candidate | undefined {
  const state = restoreState(saveState(read(parts), parts.clock.now()));
  return () => {
    const next = choose(state);
    if (next !== undefined) dropInstances(state, '', { instances: [next.instance.id], why: '' });
    return next;
  };
}

interface Candidate {
  readonly instance: Instance;
  /** what its deletion sets free */
  readonly bytes: number;
  readonly files: number;
  /** what is gained by evicting it, against what it costs to fill again */
  readonly gain: number;
}

/** Instances that may go, the first to go first: size × time since its last use ÷ time to fill it. Pure. */
export function candidates(
  state: State,
  now: number,
  { idleSeconds: idle = 0, sparing = [] }: Pick<EvictOptions, 'idleSeconds' | 'sparing'> = {},
): Candidate[] {
  const leased = new Set(
    [...state.leases.values()].flatMap(({ from }) => (from === null ? [] : [from.instance])),
  );
  return [...state.instances.values()]
    .filter(({ id, name }) => !leased.has(id) && !sparing.includes(name))
    .filter(({ lastUsed }) => now - Date.parse(lastUsed) >= idle * 1000)
    .map((instance) => {
      const { bytes, files } = ownSize(state, instance);
      const idleSeconds = Math.max(1, (now - Date.parse(instance.lastUsed)) / 1000);
      const gain = ((bytes + files * 4096 + 1) * idleSeconds) / (newest(instance).fillSeconds + 1);
      return { instance, bytes, files, gain };
    })
    .sort((a, b) => b.gain - a.gain);
}

/** Of the layers that nothing else refers to. */
function ownSize(state: State, instance: Instance): { bytes: number; files: number } {
  const others = layersInUse({
    ...state,
    instances: new Map([...state.instances].filter(([id]) => id !== instance.id)),
  });
  const own = new Set(instance.generations.flatMap(({ chain }) => chain).filter((name) => !others.has(name)));
  const sizes = [...own].map((name) => state.layers.get(name)?.size ?? { bytes: 0, files: 0 });
  return {
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    files: sizes.reduce((sum, { files }) => sum + files, 0),
  };
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

import type { Entry, LayerName } from '../../caches/ledger/entry.ts';
import { restoreState } from '../../caches/state/checkpoint.ts';
import type { Holder } from '../../caches/store.ts';
import { unreachable } from '../../base/result.ts';
import { describeCache } from './progress.ts';
import { bytes } from './terminal.ts';

/** An entry of the ledger as people read it. */
export interface LedgerLine {
  /** ISO 8601 */
  readonly at: string;
  readonly epoch: number;
  readonly seq: number;
  /** 64 hex digits: any later entry vouches for it */
  readonly hash: string;
  readonly kind: Entry['kind'];
  /** the names of the caches that it is about */
  readonly caches: readonly string[];
  /** whose run it is about */
  readonly holder: Holder | null;
  readonly what: string;
}

type Lease = Pick<Extract<Entry, { kind: 'lease' }>, 'cache' | 'holder'>;

/** Entries say ids; what those stand for is what earlier entries said. All of them are to be given, oldest first. */
export function* ledgerLines(entries: Iterable<Entry>): Generator<LedgerLine> {
  const known = new Known();
  for (const entry of entries) {
    known.learn(entry);
    const { at, epoch, seq, hash, kind } = entry;
    const holder = known.holderOf(entry);
    yield { at, epoch, seq, hash, kind, caches: known.cachesOf(entry), holder, what: wordsOf(entry, holder) };
  }
}

class Known {
  readonly #leases = new Map<string, Lease>();
  readonly #instances = new Map<string, string>();
  readonly #layers = new Map<LayerName, string>();

  learn(entry: Entry): void {
    if (entry.kind === 'lease') this.#leases.set(entry.id, entry);
    else if (entry.kind === 'commit') {
      const name = this.#leases.get(entry.lease)?.cache.name;
      if (name === undefined) return;
      this.#instances.set(entry.instance, name);
      this.#layers.set(entry.layer.name, name);
    } else if (entry.kind === 'compact') {
      const [name] = this.#ofLayers(entry.chain);
      if (name !== undefined) this.#layers.set(entry.layer.name, name);
    } else if (entry.kind === 'begin' && entry.state !== null) {
      const { leases, instances } = restoreState(entry.state);
      for (const [id, lease] of leases) this.#leases.set(id, lease);
      for (const [id, { name, generations }] of instances) {
        this.#instances.set(id, name);
        for (const layer of generations.flatMap(({ chain }) => chain)) this.#layers.set(layer, name);
      }
    }
  }

  holderOf(entry: Entry): Holder | null {
    if (entry.kind === 'lease') return entry.holder;
    return ('lease' in entry ? this.#leases.get(entry.lease)?.holder : null) ?? null;
  }

  cachesOf(entry: Entry): string[] {
    switch (entry.kind) {
      case 'lease':
        return [entry.cache.name];
      case 'commit':
      case 'unchanged':
      case 'roll-back': {
        const lease = this.#leases.get(entry.lease);
        return lease === undefined ? [] : [lease.cache.name];
      }
      case 'purge':
        return entry.what.kind === 'name'
          ? [entry.what.name]
          : [
              ...this.#ofInstances(entry.what.generations.map(({ instance }) => instance)),
              ...entry.what.leases.flatMap((id) => this.#leases.get(id)?.cache.name ?? []),
            ];
      case 'evict':
        return this.#ofInstances(entry.instances);
      case 'refuse':
        return this.#ofLayers(entry.layers);
      case 'compact':
        return this.#ofLayers([entry.layer.name]);
      case 'measure':
        return this.#ofLayers(entry.layers.map(({ name }) => name));
      case 'begin':
      case 'close':
      case 'work':
      case 'abandon':
        return [];
      default:
        return unreachable(entry);
    }
  }

  #ofInstances(ids: readonly string[]): string[] {
    return [...new Set(ids.flatMap((id) => this.#instances.get(id) ?? []))];
  }

  #ofLayers(names: readonly LayerName[]): string[] {
    return [...new Set(names.flatMap((name) => this.#layers.get(name) ?? []))];
  }
}

function wordsOf(entry: Entry, holder: Holder | null): string {
  const who = holder === null ? 'a run' : `${holder.label} (${holder.taskId} run ${holder.runId})`;
  switch (entry.kind) {
    case 'begin':
      return `epoch ${entry.epoch} begins: ${entry.why}`;
    case 'close':
      return `epoch ${entry.epoch} ends`;
    case 'lease':
      return `${who} starts ${startOf(entry)}, at ${entry.mountPoint}, ${entry.backEnd}`;
    case 'commit':
      return `${who} committed generation ${entry.generation} of ${entry.instance}`;
    case 'unchanged':
      return `${who} changed nothing`;
    case 'roll-back':
      return `${who} rolled back: ${entry.why}`;
    case 'refuse':
      return `refused: ${entry.why}`;
    case 'purge':
      return `purged${generationsOf(entry.what)} by ${entry.why}`;
    case 'evict':
      return `evicted ${entry.instances.join(', ')}: ${entry.why}`;
    case 'work':
      return 'layers are being merged';
    case 'compact':
      return `${entry.chain.length} layers merged into one`;
    case 'abandon':
      return `layers were not merged: ${entry.why}`;
    case 'measure':
      return `measured ${entry.layers.map((layer) => `${bytes(layer.bytes)} in ${layer.files} files`).join(', ')}`;
    default:
      return unreachable(entry);
  }
}

function startOf({ warmth, from }: Extract<Entry, { kind: 'lease' }>): string {
  if (warmth.state === 'cold') return `cold: ${warmth.why}`;
  const { generation, ageSeconds, forkedFrom } = warmth;
  const use = describeCache({ state: 'warm', why: null, generation, ageSeconds });
  return `${use}, of ${from?.instance ?? '?'}${forkedFrom === undefined ? '' : ` (a fork of ${forkedFrom})`}`;
}

function generationsOf(what: Extract<Entry, { kind: 'purge' }>['what']): string {
  if (what.kind === 'name') return '';
  const written = what.generations.map(({ instance, number }) => `generation ${number} of ${instance}`);
  const unfinished = what.leases.map((id) => `what run ${id} writes`);
  return ` ${[...written, ...unfinished].join(', ')},`;
}

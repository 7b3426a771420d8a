import type { Result } from '../base/result.ts';
import type { IngredientChange } from './ingredient-change.ts';
import type { Entry } from './ledger/entry.ts';
import type { CacheRecord } from './record.ts';

/**
 * The worker's caches: for every cache name any number of instances, each a line of committed generations.
 * docs/store.md has the design; `open-store.ts` opens one. Any number of processes may have the same one open.
 */
export interface Store {
  /** where it is: absolute, without links */
  readonly root: string;
  /**
   * Lets one run use the cache: warm from the newest generation, else empty. Never waits for another run, and costs the
   * same whatever is in the cache. Fails (`unavailable`) when the disk takes no more.
   */
  lease(request: LeaseRequest): Promise<Lease>;
  list(): Promise<readonly CacheListing[]>;
  /** Makes every instance of the name unusable at once; runs that use it are rolled back when they end. */
  purge(name: string, by: string): Promise<{ readonly instances: number }>;
  /** The most recent leases of a task label, newest first. */
  history(label: string): Promise<readonly LeaseReport[]>;
  /** Every entry of the ledger that is kept, oldest first, one after another as they are read. */
  entries(): Iterable<Entry>;
  /** Every generation that the task wrote, directly or through later runs, and who started from them. */
  taintedBy(taskId: string): Promise<BlastRadius>;
  /** Purges exactly the generations of {@link taintedBy} that are still there; earlier ones of their lines stay. */
  purgeTainted(taskId: string, by: string): Promise<BlastRadius>;
  /** Finishes or undoes what a killed process left: run at start. Says what was done. */
  reconcile(): Promise<readonly string[]>;
  /** Merges the layers of long chains now; says what was done. Otherwise it happens in the background after commits. */
  compact(longerThan?: number): Promise<readonly string[]>;
  /** Makes room when there is less than that free: instances that are large, old and quick to refill go first. */
  evict(wanted: FreeSpace, options?: EvictOptions): Promise<readonly Eviction[]>;
  freeSpace(): FreeSpace;
  /** Of the whole file system, used or not. */
  totalSpace(): FreeSpace;
  /** Trees that nothing refers to, as absolute paths: whoever reconciles or sweeps next deletes them. Looks only. */
  garbage(): Promise<readonly string[]>;
  /** What is wrong with the ledger or with what it says is on disk; empty when all is right. Reads everything. */
  verify(): Promise<readonly Finding[]>;
  /** How this store works on this machine, and why so. */
  diagnose(): Promise<StoreDiagnosis>;
  /** Waits until what goes on in the background is done: deletions, measuring, merging. */
  drain(): Promise<void>;
}

export type BackEnd = 'overlay' | 'direct';

/** Who uses a cache. */
export interface Holder {
  readonly taskId: string;
  readonly runId: number;
  readonly label: string;
}

/** What becomes of changes when another run's came first; docs/store.md has the table. */
export type OnConflict = 'auto' | 'own' | 'drop';

export interface LeaseRequest {
  readonly name: string;
  readonly trustDomain: string;
  /** '1' | '2' | '3'; storage of levels is apart on disk */
  readonly level: string;
  /** the author's name for it, e.g. `checkouts`: names with the same one are compared when a cache is cold */
  readonly shortName: string;
  /** from `task.extra.caisson.caches[name]`; null for tasks that another compiler made */
  readonly record: CacheRecord | null;
  readonly mountPoint: string;
  readonly holder: Holder;
  /** may start from a trusted generation, and lower levels may start from what this run commits; default false */
  readonly shareDown?: boolean;
  /** default `auto` */
  readonly onConflict?: OnConflict;
  /** what the engine can mount; default `overlay`, which includes plain directories */
  readonly accepts?: BackEnd;
  /** what the cache's author wants; default what the store has found best */
  readonly backEnd?: BackEnd;
  /** who the files have to belong to, where that is known: a cache of another owner is mapped, or not used */
  readonly owner?: FileOwner;
  /** can the engine mount layers with {@link OverlayMount.owners}, and if not, why; asked when it matters. Default: no. */
  readonly mapsOwners?: () => Promise<Result<void, string>>;
}

export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** What lies on disk as one owner's is shown as the other's, and the other way round. */
export interface OwnerMap {
  readonly disk: FileOwner;
  readonly task: FileOwner;
}

export interface Lease {
  /** 16 hex digits, unique */
  readonly id: string;
  readonly name: string;
  readonly mount: LeaseMount;
  readonly warmth: Warmth;
  /** the generation that the run starts from; null when cold */
  readonly from: GenerationName | null;
  /** Makes what the run wrote the next generation. Exactly one of these three ends a lease; a second call is a bug. */
  commit(): Promise<CommitOutcome>;
  /** As if the run never happened; an instance that was mounted directly is given up. */
  rollBack(why: string): Promise<void>;
  /** Nothing of the run is kept, and every instance of the name is unusable from now on. */
  purge(why: string): Promise<void>;
}

/** How the engine has to mount it; all paths absolute, on the host. Owner and mode of the root are the task's business. */
export type LeaseMount = { readonly kind: 'bind'; readonly source: string } | OverlayMount;

export interface OverlayMount {
  readonly kind: 'overlay';
  /** read-only, uppermost first */
  readonly lower: readonly string[];
  readonly upper: string;
  readonly work: string;
  /** to be added to lowerdir, upperdir and workdir */
  readonly options: readonly string[];
  /** set when the files belong to another owner than the task wants: the layers are id-mapped before they are mounted */
  readonly owners?: OwnerMap;
  /** a file that comes over the requirements in the root, read-only: what they are for the owner that the task sees */
  readonly requirements?: string;
}

export type CommitOutcome =
  /** `own`: an instance of its own, because another run's changes came first */
  | {
      readonly kind: 'committed';
      readonly instance: string;
      readonly generation: number;
      readonly own: boolean;
    }
  | { readonly kind: 'unchanged'; readonly generation: number }
  /** it could not become a generation: purged meanwhile, or another run's changes came first */
  | { readonly kind: 'rolled-back'; readonly why: string };

export interface GenerationName {
  readonly instance: string;
  /** counts from 1; never used twice in an instance */
  readonly number: number;
}

export type Warmth =
  | {
      readonly state: 'warm';
      readonly generation: number;
      readonly ageSeconds: number;
      /** the name of the trusted cache that it was forked from */
      readonly forkedFrom?: string;
    }
  | { readonly state: 'cold'; readonly why: string; readonly changed?: readonly IngredientChange[] };

export interface LeaseReport extends Holder {
  readonly at: string;
  readonly name: string;
  readonly mountPoint: string;
  readonly warmth: Warmth;
  readonly record: CacheRecord | null;
  /** what became of it, e.g. `committed as generation 2`; null while the run goes on */
  readonly ending: string | null;
}

export interface CacheListing {
  readonly name: string;
  readonly trustDomain: string;
  readonly level: string;
  /** none while the first runs are filling it */
  readonly instances: readonly InstanceListing[];
  readonly filling: readonly FillingListing[];
}

/** A run that started cold: what it writes may become an instance. */
export interface FillingListing extends Holder {
  readonly since: string;
}

export interface InstanceListing {
  readonly id: string;
  /** `leased`: at least one run uses it */
  readonly state: 'idle' | 'leased';
  /** number of the newest one */
  readonly generations: number;
  readonly layers: number;
  /** of all its layers, as last measured; layers that it shares with others included */
  readonly bytes: number;
  readonly files: number;
  readonly created: string;
  readonly lastUsed: string;
  /** which run wrote the newest generation */
  readonly writer: Holder;
  /** absolute, uppermost layer first */
  readonly directories: readonly string[];
}

export interface BlastRadius {
  readonly generations: readonly TaintedGeneration[];
  /** runs that started from one of them, or wrote one */
  readonly runs: readonly Holder[];
}

export interface TaintedGeneration extends GenerationName {
  readonly name: string;
  readonly level: string;
  readonly at: string;
  readonly writer: Holder;
  /** can still be leased */
  readonly present: boolean;
}

export interface FreeSpace {
  readonly bytes: number;
  readonly inodes: number;
}

export interface EvictOptions {
  /** leaves alone what was used in the last so many seconds; default 0 */
  readonly idleSeconds?: number;
  /** names of caches that are wanted next: left alone */
  readonly sparing?: readonly string[];
  /** only says what would go */
  readonly dryRun?: boolean;
}

/** Something that is not as the ledger says. */
export interface Finding {
  /** `<level>/<id>` when it is about one; null when about the ledger */
  readonly layer: string | null;
  readonly problem: string;
  /** what follows from it, and what to do */
  readonly hint: string;
}

export interface Eviction {
  readonly name: string;
  readonly instance: string;
  readonly why: string;
  /** what its deletion sets free, as last measured */
  readonly bytes: number;
}

export interface StoreDiagnosis {
  readonly backEnd: BackEnd;
  /** one sentence: what was tried, and what was the result */
  readonly why: string;
  readonly root: string;
  readonly fileSystem: FileSystem;
  readonly free: FreeSpace;
  readonly total: FreeSpace;
  readonly ledger: { readonly epoch: number; readonly entries: number };
  readonly caches: number;
  readonly instances: number;
  readonly layers: number;
  readonly openLeases: number;
  /** those that have anything */
  readonly levels: readonly LevelDiagnosis[];
  /** what needs somebody's attention, each with what to do */
  readonly problems: readonly string[];
}

export interface FileSystem {
  /** `unknown` where the system does not say */
  readonly type: string;
  readonly mountPoint: string;
  readonly options: readonly string[];
  /** can files be copied without copying their blocks? By a trial. */
  readonly reflink: boolean;
}

export interface LevelDiagnosis {
  readonly level: string;
  readonly caches: number;
  readonly instances: number;
  readonly layers: number;
  /** of its layers, as last measured; each counted once */
  readonly bytes: number;
  readonly files: number;
  readonly openLeases: number;
}

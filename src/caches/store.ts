import type { CacheRecord } from './record.ts';

/**
 * The worker's caches: for every cache name any number of instances, each a chain of committed generations.
 * One back end so far, `direct-store.ts`.
 */
export interface Store {
  /**
   * The exclusive right of one run to write an instance of the name: a free one, most recently used first, else a
   * new empty one. Never waits for another run.
   */
  lease(request: LeaseRequest): Promise<Lease>;
  list(): Promise<readonly CacheListing[]>;
  /** Makes every instance of the name unusable at once, leased ones included (they are doomed when returned). */
  purge(name: string, by: string): Promise<{ readonly instances: number }>;
  /** The most recent leases of a task label, newest first. */
  history(label: string): Promise<readonly LeaseReport[]>;
  /** Finishes or undoes what a killed process left: run at start. Says what was done. */
  reconcile(): Promise<readonly string[]>;
  /** Waits until doomed trees are deleted. */
  drain(): Promise<void>;
}

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
  readonly holder: { readonly taskId: string; readonly runId: number; readonly label: string };
}

export interface Lease {
  readonly name: string;
  readonly instance: string;
  /** the directory to mount, on the host; its owner and mode are the task's business */
  readonly directory: string;
  readonly warmth: Warmth;
  /** Makes what the run wrote the next generation. Exactly one of these three ends a lease; a second call is a bug. */
  commit(): Promise<void>;
  /** As if the run never happened; on the direct back end the instance is given up. */
  rollBack(why: string): Promise<void>;
  /** This instance and every other of the name are unusable from now on. */
  purge(why: string): Promise<void>;
}

export type Warmth =
  | { readonly state: 'warm'; readonly generation: number; readonly ageSeconds: number }
  | { readonly state: 'cold'; readonly why: string; readonly changed?: readonly IngredientChange[] };

/** One ingredient that differs from the nearest earlier name; undefined: not in that record. */
export interface IngredientChange {
  readonly ingredient: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface LeaseReport {
  readonly at: string;
  readonly label: string;
  readonly taskId: string;
  readonly runId: number;
  readonly name: string;
  readonly mountPoint: string;
  readonly warmth: Warmth;
  readonly record: CacheRecord | null;
}

export interface CacheListing {
  readonly name: string;
  readonly trustDomain: string;
  readonly level: string;
  readonly instances: readonly InstanceListing[];
}

export interface InstanceListing {
  readonly id: string;
  readonly state: 'idle' | 'leased' | 'doomed';
  readonly generations: number;
  readonly bytes: number;
  readonly files: number;
  readonly created: string;
  readonly lastUsed: string;
  /** absolute; null when doomed */
  readonly directory: string | null;
}

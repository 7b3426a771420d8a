import type { Diagnostic } from '../base/diagnostic.ts';
import type { GraphConfig } from './graph-config.ts';
import type { Parameters } from './parameters/parameters.ts';
import type { GraphTask } from './task-graph.ts';

export const phases = ['full', 'target', 'target-graph', 'optimized', 'morphed'] as const;
export type Phase = (typeof phases)[number];

export interface CompileRequest {
  /** the folder of config.yml, as the user typed it (it shows in `metadata.source`) */
  readonly root: string;
  /** the working directory that relative paths in the configuration start from: the repository's top */
  readonly repository: string;
  readonly parameters: Parameters;
  /** SHA-256 of the run-task bundle, 64 hex digits */
  readonly wrapper: string;
  /** for artifact-references and generic-worker's mounts; an error when one is needed and it is null */
  readonly rootUrl: string | null;
  /** answers index-search; null: nothing is indexed */
  readonly index: IndexReader | null;
  /** labels or regular expressions: these are the targets instead of what the target method says */
  readonly targets?: readonly string[];
  /** `<decision>`; default: the environment's TASK_ID, given by the caller */
  readonly decisionTaskId?: string;
  /** warnings are errors */
  readonly strict?: boolean;
}

export interface IndexReader {
  /** namespaces to taskIds; those that are not there are absent. Asked once for all tasks. */
  findTasks(namespaces: readonly string[]): Promise<ReadonlyMap<string, string>>;
  statuses(taskIds: readonly string[]): Promise<ReadonlyMap<string, { state: string; expires: string }>>;
}

export interface Compilation {
  readonly graphConfig: GraphConfig;
  /** of the phase asked for; keys are labels, from `optimized` on task ids */
  readonly graph: ReadonlyMap<string, GraphTask>;
  readonly full: ReadonlyMap<string, GraphTask>;
  /** sorted labels */
  readonly targets: readonly string[];
  /** from `optimized` on: label to the task that stands for it */
  readonly labelToTaskId: ReadonlyMap<string, string>;
  /** from `optimized` on: labels that an index or `existing_tasks` already holds, and their tasks */
  readonly replaced: ReadonlyMap<string, string>;
  /** from `optimized` on: target-graph labels that were optimized away */
  readonly removed: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

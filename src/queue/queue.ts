import type { TaskDefinition } from '../task/definition.ts';
import type { ReportableReason, TaskStatus } from '../task/status.ts';

/**
 * The queue, the index and the purge-cache service in Taskcluster's words, so that their documentation is ours.
 * Methods reject with a {@link QueueError}; everything else that is thrown is a bug.
 */
export interface Queue {
  /** Idempotent: the same id with the same definition again is fine, with another one a `conflict`. */
  createTask(taskId: string, definition: TaskDefinition): Promise<TaskStatus>;
  task(taskId: string): Promise<TaskDefinition>;
  status(taskId: string): Promise<TaskStatus>;
  listTaskGroup(taskGroupId: string): Promise<readonly TaskStatus[]>;
  /** Resolves what is not resolved yet as exception/canceled; idempotent. */
  cancelTask(taskId: string): Promise<TaskStatus>;
  /** A new run of a resolved task; retriesLeft is set back. */
  rerunTask(taskId: string): Promise<TaskStatus>;

  /** Waits up to `waitMs` (20 s, as the real queue does) while nothing is pending; most urgent and oldest first. */
  claimWork(taskQueueId: string, request: ClaimRequest): Promise<readonly Claim[]>;
  /** Extends `takenUntil`; `conflict` when the claim is lost: cancelled, expired, past the deadline. */
  reclaimTask(taskId: string, runId: number): Promise<{ readonly takenUntil: string }>;
  reportCompleted(taskId: string, runId: number): Promise<TaskStatus>;
  reportFailed(taskId: string, runId: number): Promise<TaskStatus>;
  /** worker-shutdown and intermittent-task make a new run while retriesLeft lasts. */
  reportException(taskId: string, runId: number, reason: ReportableReason): Promise<TaskStatus>;

  /** Announces an artifact. For `s3` the bytes are then put to `putUrl` (`http:` or `file:`) by the worker. */
  createArtifact(taskId: string, runId: number, name: string, artifact: Artifact): Promise<CreatedArtifact>;
  listArtifacts(taskId: string, runId?: number): Promise<readonly ListedArtifact[]>;
  /** Where the bytes are (`http:` or `file:`); the latest run unless told otherwise. `not-found` when not there. */
  artifactUrl(taskId: string, name: string, runId?: number): Promise<string>;

  /** The task that is indexed under a namespace, or null. Expired entries and tasks are not found. */
  findTask(namespace: string): Promise<{ readonly taskId: string; readonly rank: number } | null>;
  insertTask(namespace: string, entry: IndexEntry): Promise<void>;
  /** What is indexed directly below a namespace, not deeper: what expires first comes first. Empty when nothing is. */
  listTasks(namespace: string): Promise<readonly IndexedTask[]>;

  purgeCache(taskQueueId: string, cacheName: string): Promise<void>;
  /** Requests not older than `since`; pass the `cursor` of the last answer that was acted upon. */
  purgeRequests(taskQueueId: string, since: number): Promise<PurgeAnswer>;
}

/** What those need who make tasks and act on them, but run none: the decision task and actions. */
export type TaskService = Pick<
  Queue,
  | 'createTask'
  | 'task'
  | 'status'
  | 'listTaskGroup'
  | 'cancelTask'
  | 'rerunTask'
  | 'artifactUrl'
  | 'findTask'
  | 'listTasks'
  | 'purgeCache'
>;

export interface ClaimRequest {
  readonly workerGroup: string;
  readonly workerId: string;
  /** how many at most, 1..32 */
  readonly tasks: number;
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  /** only tasks of this group: not in Taskcluster; lets several `caisson run` share one embedded queue */
  readonly taskGroupId?: string;
}

export interface Claim {
  readonly status: TaskStatus;
  readonly runId: number;
  readonly takenUntil: string;
  readonly task: TaskDefinition;
}

export type Artifact =
  | {
      readonly storageType: 's3';
      readonly contentType: string;
      readonly contentEncoding?: 'identity' | 'gzip';
      readonly expires: string;
    }
  | {
      readonly storageType: 'error';
      readonly reason:
        | 'file-missing-on-worker'
        | 'invalid-resource-on-worker'
        | 'too-large-file-on-worker'
        | 'file-not-readable-on-worker';
      readonly message: string;
      readonly expires: string;
    };

export interface CreatedArtifact {
  readonly storageType: 's3' | 'error';
  readonly putUrl?: string;
}

export interface ListedArtifact {
  readonly name: string;
  readonly storageType: 's3' | 'error';
  readonly contentType: string;
  readonly contentEncoding: 'identity' | 'gzip';
  readonly expires: string;
}

export interface IndexEntry {
  readonly taskId: string;
  readonly rank: number;
  readonly expires: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface IndexedTask {
  readonly namespace: string;
  readonly taskId: string;
  readonly rank: number;
  readonly expires: string;
}

export interface PurgeAnswer {
  /** opaque and monotonic; 0 before the first call */
  readonly cursor: number;
  readonly requests: readonly { readonly cacheName: string; readonly before: string }[];
}

/** The queue's refusals, by what the caller can do about them. */
export class QueueError extends Error {
  readonly code: 'not-found' | 'conflict' | 'bad-request' | 'unavailable';

  constructor(code: QueueError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'QueueError';
    this.code = code;
  }
}

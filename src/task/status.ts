/** Status of a task and its runs, as Taskcluster's queue tells it. */
export interface TaskStatus {
  readonly taskId: string;
  readonly taskQueueId: string;
  readonly schedulerId: string;
  readonly taskGroupId: string;
  readonly deadline: string;
  readonly expires: string;
  readonly retriesLeft: number;
  readonly state: TaskState;
  readonly runs: readonly RunStatus[];
}

export type TaskState = 'unscheduled' | 'pending' | 'running' | 'completed' | 'failed' | 'exception';

export interface RunStatus {
  readonly runId: number;
  readonly state: Exclude<TaskState, 'unscheduled'>;
  readonly reasonCreated: 'scheduled' | 'retry' | 'task-retry' | 'rerun' | 'exception';
  readonly reasonResolved?: ResolvedReason;
  readonly workerGroup?: string;
  readonly workerId?: string;
  /** the claim ends then unless it is renewed */
  readonly takenUntil?: string;
  readonly scheduled: string;
  readonly started?: string;
  readonly resolved?: string;
}

/** Why a worker gives a run up; the queue makes a new run only for the first two, while `retriesLeft` lasts. */
export const reportableReasons = [
  'worker-shutdown',
  'intermittent-task',
  'malformed-payload',
  'resource-unavailable',
  'internal-error',
] as const;
export type ReportableReason = (typeof reportableReasons)[number];

export type ResolvedReason =
  | 'completed'
  | 'failed'
  | 'deadline-exceeded'
  | 'canceled'
  | 'claim-expired'
  | ReportableReason;

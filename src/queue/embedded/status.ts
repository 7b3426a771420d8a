import type { TaskDefinition } from '../../task/definition.ts';
import type { ResolvedReason, RunStatus, TaskState, TaskStatus } from '../../task/status.ts';
import { QueueError } from '../queue.ts';
import type { QueueDatabase } from './database.ts';

/** A row of `tasks` without its definition. */
export interface TaskRow {
  readonly task_id: string;
  readonly task_queue_id: string;
  readonly scheduler_id: string;
  readonly task_group_id: string;
  readonly priority: number;
  readonly retries: number;
  readonly retries_left: number;
  readonly deadline: number;
  readonly expires: number;
  readonly state: TaskState;
}

export interface RunRow {
  readonly run_id: number;
  readonly state: RunStatus['state'];
  readonly reason_created: RunStatus['reasonCreated'];
  readonly reason_resolved: ResolvedReason | null;
  readonly worker_group: string | null;
  readonly worker_id: string | null;
  readonly taken_until: number | null;
  readonly scheduled: number;
  readonly started: number | null;
  readonly resolved: number | null;
}

const taskColumns =
  'task_id, task_queue_id, scheduler_id, task_group_id, priority, retries, retries_left, deadline, expires, state';
const runColumns =
  'run_id, state, reason_created, reason_resolved, worker_group, worker_id, taken_until, scheduled, started, resolved';

export const isResolved = (state: TaskState): boolean =>
  state === 'completed' || state === 'failed' || state === 'exception';

/** `not-found` when there is no such task. */
export function taskRow(db: QueueDatabase, taskId: string): TaskRow {
  const row = db.get<TaskRow>(`SELECT ${taskColumns} FROM tasks WHERE task_id = ?`, taskId);
  if (row === undefined) throw new QueueError('not-found', `no task ${taskId}`);
  return row;
}

export function runRows(db: QueueDatabase, taskId: string): RunRow[] {
  return db.all<RunRow>(`SELECT ${runColumns} FROM runs WHERE task_id = ? ORDER BY run_id`, taskId);
}

/** `not-found` when the task or the run is not there. */
export function runRow(db: QueueDatabase, taskId: string, runId: number): RunRow {
  if (!Number.isInteger(runId)) throw new QueueError('bad-request', `not a run id: ${runId}`);
  const row = db.get<RunRow>(
    `SELECT ${runColumns} FROM runs WHERE task_id = ? AND run_id = ?`,
    taskId,
    runId,
  );
  if (row !== undefined) return row;
  taskRow(db, taskId);
  throw new QueueError('not-found', `task ${taskId} has no run ${runId}`);
}

export function taskStatus(db: QueueDatabase, taskId: string): TaskStatus {
  return statusOf(db, taskRow(db, taskId));
}

export function groupStatus(db: QueueDatabase, taskGroupId: string): TaskStatus[] {
  const rows = db.all<TaskRow>(
    `SELECT ${taskColumns} FROM tasks WHERE task_group_id = ? ORDER BY id`,
    taskGroupId,
  );
  if (rows.length === 0) throw new QueueError('not-found', `no task group ${taskGroupId}`);
  return rows.map((row) => statusOf(db, row));
}

/** How many tasks of a group are in each state; all 0 for a group that is not there. */
export function countTasks(db: QueueDatabase, taskGroupId: string): Record<TaskState, number> {
  const counts = { unscheduled: 0, pending: 0, running: 0, completed: 0, failed: 0, exception: 0 };
  const rows = db.all<{ state: TaskState; count: number }>(
    'SELECT state, count(*) AS count FROM tasks WHERE task_group_id = ? GROUP BY state',
    taskGroupId,
  );
  for (const { state, count } of rows) counts[state] = count;
  return counts;
}

export function taskDefinition(db: QueueDatabase, taskId: string): TaskDefinition {
  const definition = findDefinition(db, taskId);
  if (definition === undefined) throw new QueueError('not-found', `no task ${taskId}`);
  return definition;
}

export function findDefinition(db: QueueDatabase, taskId: string): TaskDefinition | undefined {
  const row = db.get<{ definition: string }>(
    'SELECT definition FROM tasks JOIN definitions USING (id) WHERE task_id = ?',
    taskId,
  );
  return row === undefined ? undefined : (JSON.parse(row.definition) as TaskDefinition);
}

export const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString();

function statusOf(db: QueueDatabase, row: TaskRow): TaskStatus {
  return {
    taskId: row.task_id,
    taskQueueId: row.task_queue_id,
    schedulerId: row.scheduler_id,
    taskGroupId: row.task_group_id,
    deadline: isoTime(row.deadline),
    expires: isoTime(row.expires),
    retriesLeft: row.retries_left,
    state: row.state,
    runs: runRows(db, row.task_id).map(runStatus),
  };
}

function runStatus(row: RunRow): RunStatus {
  const status: Writable<RunStatus> = {
    runId: row.run_id,
    state: row.state,
    reasonCreated: row.reason_created,
    scheduled: isoTime(row.scheduled),
  };
  if (row.reason_resolved !== null) status.reasonResolved = row.reason_resolved;
  if (row.worker_group !== null) status.workerGroup = row.worker_group;
  if (row.worker_id !== null) status.workerId = row.worker_id;
  if (row.taken_until !== null) status.takenUntil = isoTime(row.taken_until);
  if (row.started !== null) status.started = isoTime(row.started);
  if (row.resolved !== null) status.resolved = isoTime(row.resolved);
  return status;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

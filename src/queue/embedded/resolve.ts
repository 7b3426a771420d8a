import type { ResolvedReason, TaskStatus } from '../../task/status.ts';
import { QueueError } from '../queue.ts';
import type { QueueDatabase } from './database.ts';
import { indexCompletedTask } from './namespaces.ts';
import { addPendingRun, countRuns, mostRuns, scheduleDependents } from './schedule.ts';
import { isResolved, runRow, taskRow, taskStatus } from './status.ts';

type ResolvedState = 'completed' | 'failed' | 'exception';

/** Reasons after which the queue tries again, and how the new run says why it is there. */
const retried = new Map<ResolvedReason, 'retry' | 'task-retry'>([
  ['worker-shutdown', 'retry'],
  ['claim-expired', 'retry'],
  ['intermittent-task', 'task-retry'],
]);

/** A worker's report. Idempotent; `conflict` when the run is not running or was resolved in another way. */
export function reportRun(
  db: QueueDatabase,
  now: number,
  taskId: string,
  runId: number,
  state: ResolvedState,
  reason: ResolvedReason,
): TaskStatus {
  const run = runRow(db, taskId, runId);
  if (run.state === 'running') {
    resolveRun(db, now, taskId, runId, state, reason);
  } else if (run.state !== state || run.reason_resolved !== reason) {
    const found = run.reason_resolved ?? run.state;
    throw new QueueError('conflict', `task ${taskId} run ${runId} cannot become ${reason}: it is ${found}`);
  }
  return taskStatus(db, taskId);
}

/** Ends a pending or running run; makes another one when the reason asks for it and retries are left. */
export function resolveRun(
  db: QueueDatabase,
  now: number,
  taskId: string,
  runId: number,
  state: ResolvedState,
  reason: ResolvedReason,
): void {
  db.run(
    'UPDATE runs SET state = ?, reason_resolved = ?, resolved = ? WHERE task_id = ? AND run_id = ?',
    state,
    reason,
    now,
    taskId,
    runId,
  );
  db.run('DELETE FROM pending WHERE task_id = ?', taskId);
  const reasonCreated = retried.get(reason);
  if (
    reasonCreated !== undefined &&
    taskRow(db, taskId).retries_left > 0 &&
    countRuns(db, taskId) < mostRuns
  ) {
    db.run('UPDATE tasks SET retries_left = retries_left - 1 WHERE task_id = ?', taskId);
    addPendingRun(db, now, taskId, reasonCreated);
    return;
  }
  settleTask(db, now, taskId, state);
}

/** Resolves a task that is not resolved yet as exception, whatever its state; a run is made when it has none. */
export function abandonTask(
  db: QueueDatabase,
  now: number,
  taskId: string,
  reason: 'canceled' | 'deadline-exceeded',
): void {
  const runs = countRuns(db, taskId);
  if (runs > 0) {
    resolveRun(db, now, taskId, runs - 1, 'exception', reason);
    return;
  }
  db.run(
    `INSERT INTO runs (task_id, run_id, state, reason_created, reason_resolved, scheduled, resolved)
     VALUES (?, 0, 'exception', 'exception', ?, ?, ?)`,
    taskId,
    reason,
    now,
    now,
  );
  settleTask(db, now, taskId, 'exception');
}

/** Idempotent; a task past its deadline is resolved as deadline-exceeded instead. */
export function cancelTask(db: QueueDatabase, now: number, taskId: string): TaskStatus {
  const task = taskRow(db, taskId);
  if (!isResolved(task.state)) {
    abandonTask(db, now, taskId, task.deadline <= now ? 'deadline-exceeded' : 'canceled');
  }
  return taskStatus(db, taskId);
}

/**
 * Makes a new run of a resolved task and sets its retries back; schedules an unscheduled one whatever it waits for;
 * leaves a pending or running one alone. `conflict` past the deadline, or when it has run too often.
 */
export function rerunTask(db: QueueDatabase, now: number, taskId: string): TaskStatus {
  const task = taskRow(db, taskId);
  if (task.deadline <= now) {
    throw new QueueError('conflict', `task ${taskId} cannot run again: its deadline has passed`);
  }
  if (task.state === 'unscheduled') {
    addPendingRun(db, now, taskId, 'scheduled');
  } else if (isResolved(task.state)) {
    const runs = countRuns(db, taskId);
    if (runs >= mostRuns) throw new QueueError('conflict', `task ${taskId} has run ${runs} times already`);
    db.run(
      'UPDATE tasks SET retries_left = ? WHERE task_id = ?',
      Math.min(task.retries, mostRuns - runs - 1),
      taskId,
    );
    addPendingRun(db, now, taskId, 'rerun');
  }
  return taskStatus(db, taskId);
}

function settleTask(db: QueueDatabase, now: number, taskId: string, state: ResolvedState): void {
  db.run('UPDATE tasks SET state = ? WHERE task_id = ?', state, taskId);
  if (state === 'completed') indexCompletedTask(db, now, taskId);
  scheduleDependents(db, now, taskId);
}

import { type Claim, type ClaimRequest, QueueError } from '../queue.ts';
import type { QueueDatabase } from './database.ts';
import { isoTime, runRow, taskDefinition, taskRow, taskStatus } from './status.ts';

/** The bodies of queries, most urgent and oldest first. */
export const pendingInQueue = `FROM pending WHERE task_queue_id = ? ORDER BY priority, seq LIMIT ?`;
export const pendingInGroup = `FROM pending WHERE task_queue_id = ? AND task_group_id = ? ORDER BY priority, seq LIMIT ?`;

/** `bad-request` for a request that could never be answered. */
export function checkClaimRequest(request: ClaimRequest): void {
  const { tasks, workerGroup, workerId } = request;
  if (!Number.isInteger(tasks) || tasks < 1 || tasks > 32) {
    throw new QueueError('bad-request', `a worker claims 1 to 32 tasks at once, not ${tasks}`);
  }
  if (workerGroup === '' || workerId === '') {
    throw new QueueError('bad-request', 'workerGroup and workerId must not be empty');
  }
}

/** Looks without taking the write lock, so that waiting workers do not hinder others. */
export function isAnythingPending(db: QueueDatabase, taskQueueId: string, taskGroupId?: string): boolean {
  const row =
    taskGroupId === undefined
      ? db.get(`SELECT 1 ${pendingInQueue}`, taskQueueId, 1)
      : db.get(`SELECT 1 ${pendingInGroup}`, taskQueueId, taskGroupId, 1);
  return row !== undefined;
}

/** Takes the most urgent and oldest pending runs; the claims end at `takenUntil` (milliseconds) unless renewed. */
export function claimTasks(
  db: QueueDatabase,
  now: number,
  takenUntil: number,
  taskQueueId: string,
  request: ClaimRequest,
): Claim[] {
  type Row = { task_id: string; run_id: number };
  const rows =
    request.taskGroupId === undefined
      ? db.all<Row>(`SELECT task_id, run_id ${pendingInQueue}`, taskQueueId, request.tasks)
      : db.all<Row>(
          `SELECT task_id, run_id ${pendingInGroup}`,
          taskQueueId,
          request.taskGroupId,
          request.tasks,
        );
  return rows.map(({ task_id: taskId, run_id: runId }) => {
    db.run('DELETE FROM pending WHERE task_id = ?', taskId);
    db.run(
      `UPDATE runs SET state = 'running', worker_group = ?, worker_id = ?, started = ?, taken_until = ?
       WHERE task_id = ? AND run_id = ?`,
      request.workerGroup,
      request.workerId,
      now,
      takenUntil,
      taskId,
      runId,
    );
    db.run(`UPDATE tasks SET state = 'running' WHERE task_id = ?`, taskId);
    return {
      status: taskStatus(db, taskId),
      runId,
      takenUntil: isoTime(takenUntil),
      task: taskDefinition(db, taskId),
    };
  });
}

/** Renews a claim. `conflict` when the run is not running any more, or the task is past its deadline. */
export function renewClaim(
  db: QueueDatabase,
  now: number,
  takenUntil: number,
  taskId: string,
  runId: number,
): { takenUntil: string } {
  const run = runRow(db, taskId, runId);
  if (run.state !== 'running') {
    const reason = run.reason_resolved ?? run.state;
    throw new QueueError('conflict', `the claim on task ${taskId} run ${runId} is lost: ${reason}`);
  }
  if (taskRow(db, taskId).deadline <= now) {
    throw new QueueError('conflict', `the claim on task ${taskId} run ${runId} is lost: deadline-exceeded`);
  }
  db.run('UPDATE runs SET taken_until = ? WHERE task_id = ? AND run_id = ?', takenUntil, taskId, runId);
  return { takenUntil: isoTime(takenUntil) };
}

import type { RunStatus } from '../../task/status.ts';
import type { QueueDatabase } from './database.ts';
import { taskRow } from './status.ts';

/** As in Taskcluster: no task runs more often, whatever its retries and reruns. */
export const mostRuns = 50;

export function countRuns(db: QueueDatabase, taskId: string): number {
  return db.get<{ count: number }>('SELECT count(*) AS count FROM runs WHERE task_id = ?', taskId)!.count;
}

/** Gives a task a new pending run. */
export function addPendingRun(
  db: QueueDatabase,
  now: number,
  taskId: string,
  reasonCreated: RunStatus['reasonCreated'],
): void {
  const runId = countRuns(db, taskId);
  db.run(
    `INSERT INTO runs (task_id, run_id, state, reason_created, scheduled) VALUES (?, ?, 'pending', ?, ?)`,
    taskId,
    runId,
    reasonCreated,
    now,
  );
  db.run(
    `INSERT INTO pending (task_id, run_id, task_queue_id, task_group_id, priority)
     SELECT task_id, ?, task_queue_id, task_group_id, priority FROM tasks WHERE task_id = ?`,
    runId,
    taskId,
  );
  db.run(`UPDATE tasks SET state = 'pending' WHERE task_id = ?`, taskId);
}

/**
 * Schedules what waited for a task that is resolved now. A dependent that requires completion of a task that failed
 * stays unscheduled until its deadline (or until the failed one is rerun and completes), as in Taskcluster. Those that
 * were created first are scheduled first.
 */
export function scheduleDependents(db: QueueDatabase, now: number, taskId: string): void {
  const completed = taskRow(db, taskId).state === 'completed';
  const dependents = db.all<{ task_id: string; place: number }>(
    `UPDATE dependencies SET satisfied = 1
     WHERE required_task_id = ? AND satisfied = 0 AND (? OR
       (SELECT requires FROM tasks WHERE tasks.task_id = dependencies.task_id) = 'all-resolved')
     RETURNING task_id, (SELECT id FROM tasks WHERE tasks.task_id = dependencies.task_id) AS place`,
    taskId,
    completed ? 1 : 0,
  );
  for (const { task_id: dependent } of dependents.sort((a, b) => a.place - b.place)) {
    const waiting = db.get(
      'SELECT 1 FROM dependencies WHERE task_id = ? AND satisfied = 0 LIMIT 1',
      dependent,
    );
    if (waiting !== undefined || taskRow(db, dependent).state !== 'unscheduled') continue;
    addPendingRun(db, now, dependent, 'scheduled');
  }
}

import type { QueueDatabase } from './database.ts';
import { abandonTask, resolveRun } from './resolve.ts';

// Ordered, so that what was created first is tried again first.
export const overdueTasks = `SELECT task_id FROM tasks
  WHERE state IN ('unscheduled', 'pending', 'running') AND deadline <= ? ORDER BY deadline, id`;
export const lostRuns = `SELECT task_id, run_id FROM runs JOIN tasks USING (task_id)
  WHERE runs.state = 'running' AND taken_until <= ? ORDER BY taken_until, tasks.id`;

/** Looks without taking the write lock. */
export function isAnythingOverdue(db: QueueDatabase, now: number): boolean {
  return (
    db.get(`${overdueTasks} LIMIT 1`, now) !== undefined || db.get(`${lostRuns} LIMIT 1`, now) !== undefined
  );
}

/** Resolves tasks past their deadline, then runs whose claim was not renewed. */
export function expireOverdue(db: QueueDatabase, now: number): void {
  for (const { task_id: taskId } of db.all<{ task_id: string }>(overdueTasks, now)) {
    abandonTask(db, now, taskId, 'deadline-exceeded');
  }
  for (const run of db.all<{ task_id: string; run_id: number }>(lostRuns, now)) {
    resolveRun(db, now, run.task_id, run.run_id, 'exception', 'claim-expired');
  }
}

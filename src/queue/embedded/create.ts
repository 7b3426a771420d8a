import { canonicalJson } from '../../base/hash.ts';
import type { TaskDefinition } from '../../task/definition.ts';
import type { TaskState, TaskStatus } from '../../task/status.ts';
import { QueueError } from '../queue.ts';
import type { QueueDatabase } from './database.ts';
import { type CheckedDefinition, checkDefinition } from './definition-check.ts';
import { addPendingRun } from './schedule.ts';
import { findDefinition, isoTime, isResolved, taskStatus } from './status.ts';

/**
 * Creates a task, pending when nothing is to be waited for. `conflict` when the id has another definition or the task
 * group another scheduler; `bad-request` when a dependency is not there or would expire before this task's deadline.
 */
export function createTask(
  db: QueueDatabase,
  now: number,
  taskId: string,
  definition: TaskDefinition,
): TaskStatus {
  const checked = checkDefinition(taskId, definition);
  if (!existsAlready(db, taskId, definition)) {
    if (checked.deadline <= now)
      throw new QueueError('bad-request', `task ${taskId}: the deadline has passed`);
    checkScheduler(db, taskId, definition);
    insertTask(db, taskId, definition, checked);
    const waits = insertDependencies(db, taskId, definition, checked.deadline);
    if (!waits) addPendingRun(db, now, taskId, 'scheduled');
  }
  return taskStatus(db, taskId);
}

function existsAlready(db: QueueDatabase, taskId: string, definition: TaskDefinition): boolean {
  const existing = findDefinition(db, taskId);
  if (existing === undefined) return false;
  if (canonicalJson(existing) === canonicalJson(definition)) return true;
  throw new QueueError('conflict', `task ${taskId} exists with another definition`);
}

function checkScheduler(db: QueueDatabase, taskId: string, definition: TaskDefinition): void {
  const { taskGroupId, schedulerId } = definition;
  const other = db.get<{ scheduler_id: string }>(
    'SELECT scheduler_id FROM tasks WHERE task_group_id = ? LIMIT 1',
    taskGroupId,
  );
  if (other === undefined || other.scheduler_id === schedulerId) return;
  throw new QueueError(
    'conflict',
    `task ${taskId}: group ${taskGroupId} belongs to scheduler ${other.scheduler_id}, not ${schedulerId}`,
  );
}

function insertTask(
  db: QueueDatabase,
  taskId: string,
  task: TaskDefinition,
  checked: CheckedDefinition,
): void {
  db.run(
    `INSERT INTO tasks (task_id, task_queue_id, scheduler_id, task_group_id, requires, priority, retries,
       retries_left, deadline, expires, state)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'unscheduled')`,
    taskId,
    task.taskQueueId,
    task.schedulerId,
    task.taskGroupId,
    task.requires,
    checked.priority,
    task.retries,
    task.retries,
    checked.deadline,
    checked.expires,
  );
  db.run(
    'INSERT INTO definitions (id, definition) SELECT id, ? FROM tasks WHERE task_id = ?',
    JSON.stringify(task),
    taskId,
  );
}

/** True when one of them is still to be waited for. */
function insertDependencies(
  db: QueueDatabase,
  taskId: string,
  task: TaskDefinition,
  deadline: number,
): boolean {
  let waits = false;
  for (const required of task.dependencies) {
    const row = db.get<{ state: TaskState; expires: number }>(
      'SELECT state, expires FROM tasks WHERE task_id = ?',
      required,
    );
    if (row === undefined) {
      throw new QueueError('bad-request', `task ${taskId} depends on ${required}, which does not exist`);
    }
    if (row.expires < deadline) {
      throw new QueueError(
        'bad-request',
        `task ${taskId} depends on ${required}, which expires (${isoTime(row.expires)}) before its deadline (${isoTime(deadline)})`,
      );
    }
    const satisfied = task.requires === 'all-resolved' ? isResolved(row.state) : row.state === 'completed';
    waits ||= !satisfied;
    db.run(
      'INSERT INTO dependencies (task_id, required_task_id, satisfied) VALUES (?, ?, ?)',
      taskId,
      required,
      satisfied ? 1 : 0,
    );
  }
  return waits;
}

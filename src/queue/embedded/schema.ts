/**
 * One script for each version of the database, in order; `PRAGMA user_version` tells how many were applied. A script
 * that was released is never changed: a new one is added. Times are milliseconds since 1970.
 */
export const migrations: readonly string[] = [
  `
  -- state is that of the last run, kept here so that groups can be counted and deadlines found
  CREATE TABLE tasks (
    -- in the order of creation
    id INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL UNIQUE,
    task_queue_id TEXT NOT NULL,
    scheduler_id TEXT NOT NULL,
    task_group_id TEXT NOT NULL,
    requires TEXT NOT NULL,
    -- 0 is the most urgent
    priority INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    retries_left INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    state TEXT NOT NULL
  ) STRICT;
  CREATE INDEX tasks_group ON tasks (task_group_id, state);
  CREATE INDEX tasks_deadline ON tasks (deadline) WHERE state IN ('unscheduled', 'pending', 'running');
  CREATE INDEX tasks_expires ON tasks (expires);

  -- apart from tasks, because it is long and a task's row is written again whenever its state changes
  CREATE TABLE definitions (
    -- that of the task
    id INTEGER PRIMARY KEY,
    definition TEXT NOT NULL
  ) STRICT;

  CREATE TABLE runs (
    task_id TEXT NOT NULL,
    run_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason_created TEXT NOT NULL,
    reason_resolved TEXT,
    worker_group TEXT,
    worker_id TEXT,
    taken_until INTEGER,
    scheduled INTEGER NOT NULL,
    started INTEGER,
    resolved INTEGER,
    PRIMARY KEY (task_id, run_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX runs_taken ON runs (taken_until) WHERE state = 'running';

  -- satisfied stays: a later rerun of the required task does not block its dependents again
  CREATE TABLE dependencies (
    task_id TEXT NOT NULL,
    required_task_id TEXT NOT NULL,
    satisfied INTEGER NOT NULL,
    PRIMARY KEY (task_id, required_task_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dependencies_open ON dependencies (required_task_id) WHERE satisfied = 0;

  -- one row for each pending run; seq orders those of equal priority
  CREATE TABLE pending (
    seq INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL UNIQUE,
    run_id INTEGER NOT NULL,
    task_queue_id TEXT NOT NULL,
    task_group_id TEXT NOT NULL,
    priority INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX pending_queue ON pending (task_queue_id, priority, seq);
  CREATE INDEX pending_group ON pending (task_queue_id, task_group_id, priority, seq);

  -- reason and message belong to storage_type error
  CREATE TABLE artifacts (
    task_id TEXT NOT NULL,
    run_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    storage_type TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content_encoding TEXT NOT NULL,
    reason TEXT,
    message TEXT,
    expires INTEGER NOT NULL,
    PRIMARY KEY (task_id, run_id, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX artifacts_expires ON artifacts (expires);

  CREATE TABLE namespaces (
    namespace TEXT PRIMARY KEY,
    task_id TEXT NOT NULL,
    rank REAL NOT NULL,
    expires INTEGER NOT NULL,
    data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX namespaces_task ON namespaces (task_id);
  CREATE INDEX namespaces_expires ON namespaces (expires);

  -- AUTOINCREMENT: a cursor is never given twice, and sqlite_sequence knows the last one
  CREATE TABLE purge_requests (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT,
    task_queue_id TEXT NOT NULL,
    cache_name TEXT NOT NULL,
    before INTEGER NOT NULL,
    UNIQUE (task_queue_id, cache_name)
  ) STRICT;
  `,
];

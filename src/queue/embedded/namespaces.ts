import { type IndexedTask, type IndexEntry, QueueError } from '../queue.ts';
import type { QueueDatabase } from './database.ts';
import { isoTime, taskDefinition } from './status.ts';

const routePrefix = 'index.';
const longestNamespace = 255;

/**
 * The task under a namespace, or null when there is none, or it or its entry has expired. Namespaces are compared as
 * they are; the queue does not ask what they are made of.
 */
export function findTask(
  db: QueueDatabase,
  now: number,
  namespace: string,
): { taskId: string; rank: number } | null {
  const row = db.get<{ task_id: string; rank: number }>(
    `SELECT namespaces.task_id, rank FROM namespaces LEFT JOIN tasks USING (task_id)
     WHERE namespace = ? AND namespaces.expires > ? AND (tasks.expires IS NULL OR tasks.expires > ?)`,
    namespace,
    now,
    now,
  );
  return row === undefined ? null : { taskId: row.task_id, rank: row.rank };
}

/** What is directly below a namespace and has not expired, by expiry. */
export function listNamespaces(db: QueueDatabase, now: number, namespace: string): IndexedTask[] {
  // The character after "." is "/": a range of the primary key.
  const rows = db.all<{ namespace: string; task_id: string; rank: number; expires: number }>(
    `SELECT namespaces.namespace, namespaces.task_id, rank, namespaces.expires
     FROM namespaces LEFT JOIN tasks USING (task_id)
     WHERE namespace > ?1 || '.' AND namespace < ?1 || '/'
       AND instr(substr(namespace, length(?1) + 2), '.') = 0
       AND namespaces.expires > ?2 AND (tasks.expires IS NULL OR tasks.expires > ?2)
     ORDER BY namespaces.expires, namespace`,
    namespace,
    now,
  );
  return rows.map((row) => ({
    namespace: row.namespace,
    taskId: row.task_id,
    rank: row.rank,
    expires: isoTime(row.expires),
  }));
}

/** Replaces an entry of the same or a lower rank, and an expired one; leaves one of a higher rank. */
export function insertNamespace(db: QueueDatabase, now: number, namespace: string, entry: IndexEntry): void {
  const expires = Date.parse(entry.expires);
  if (!isNamespace(namespace)) throw new QueueError('bad-request', `not a namespace: ${namespace}`);
  if (!Number.isFinite(entry.rank)) throw new QueueError('bad-request', `not a rank: ${entry.rank}`);
  if (Number.isNaN(expires)) throw new QueueError('bad-request', `not a time: ${entry.expires}`);
  db.run(
    `INSERT INTO namespaces (namespace, task_id, rank, expires, data) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (namespace) DO UPDATE
     SET task_id = excluded.task_id, rank = excluded.rank, expires = excluded.expires, data = excluded.data
     WHERE excluded.rank >= namespaces.rank OR namespaces.expires <= ?`,
    namespace,
    entry.taskId,
    entry.rank,
    expires,
    JSON.stringify(entry.data),
    now,
  );
}

/**
 * Enters a completed task under its `index.<namespace>` routes, with `rank`, `data` and `expires` from
 * `task.extra.index`. What is wrong in a route or in `extra.index` must not undo the completion, so a bad route is
 * left out and a bad value replaced by its default (0, `{}`, the task's own expiry), as Taskcluster's index does.
 */
export function indexCompletedTask(db: QueueDatabase, now: number, taskId: string): void {
  const task = taskDefinition(db, taskId);
  const namespaces = task.routes
    .filter((route) => route.startsWith(routePrefix))
    .map((route) => route.slice(routePrefix.length))
    .filter(isNamespace);
  if (namespaces.length === 0) return;
  const { index } = task.extra as { index?: { rank?: unknown; data?: unknown; expires?: unknown } };
  const entry: IndexEntry = {
    taskId,
    rank: typeof index?.rank === 'number' ? index.rank : 0,
    data: isRecord(index?.data) ? index.data : {},
    expires:
      typeof index?.expires === 'string' && !Number.isNaN(Date.parse(index.expires))
        ? index.expires
        : task.expires,
  };
  for (const namespace of namespaces) insertNamespace(db, now, namespace, entry);
}

const isNamespace = (text: string): boolean => text.length > 0 && text.length <= longestNamespace;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

import type { PurgeAnswer } from '../queue.ts';
import type { QueueDatabase } from './database.ts';
import { isoTime } from './status.ts';

/** Asks the workers of a task queue to drop every cache of that name made before now. */
export function addPurgeRequest(
  db: QueueDatabase,
  now: number,
  taskQueueId: string,
  cacheName: string,
): void {
  // A new row, not an update: workers that saw the earlier request must see this one too.
  db.run('DELETE FROM purge_requests WHERE task_queue_id = ? AND cache_name = ?', taskQueueId, cacheName);
  db.run(
    'INSERT INTO purge_requests (task_queue_id, cache_name, before) VALUES (?, ?, ?)',
    taskQueueId,
    cacheName,
    now,
  );
}

/**
 * Requests that came after the one `since` stands for. Kept for ever, one a name: a worker that was off for long must
 * see them. A cursor this database never gave comes from one that was lost, and is answered as 0.
 */
export function listPurgeRequests(db: QueueDatabase, taskQueueId: string, since: number): PurgeAnswer {
  const cursor =
    db.get<{ seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'purge_requests'`)?.seq ?? 0;
  const rows = db.all<{ cache_name: string; before: number }>(
    'SELECT cache_name, before FROM purge_requests WHERE task_queue_id = ? AND cursor > ? ORDER BY cursor',
    taskQueueId,
    since > cursor ? 0 : since,
  );
  return {
    cursor,
    requests: rows.map((row) => ({ cacheName: row.cache_name, before: isoTime(row.before) })),
  };
}

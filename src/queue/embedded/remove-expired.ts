import type { Dirent } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../base/files.ts';
import { artifactFile } from './artifacts.ts';
import type { QueueDatabase } from './database.ts';

const batch = 200;
/** A file without an announcement that is older may not be a worker's upload any more. */
const uploadHours = 24;

/**
 * Deletes tasks, artifacts and index entries that have expired, then artifact files that nobody announced. Files go
 * before rows: a kill between the two leaves rows that are found again, never files that are not.
 */
export async function removeExpired(db: QueueDatabase, now: number, home: string): Promise<void> {
  await removeTasks(db, now, home);
  await removeArtifacts(db, now, home);
  db.write(() => db.run('DELETE FROM namespaces WHERE expires <= ?', now));
  await removeStrayFiles(db, home);
}

async function removeTasks(db: QueueDatabase, now: number, home: string): Promise<void> {
  for (;;) {
    const rows = db.read(() =>
      db.all<{ task_id: string }>('SELECT task_id FROM tasks WHERE expires <= ? LIMIT ?', now, batch),
    );
    if (rows.length === 0) return;
    for (const { task_id: taskId } of rows) {
      await rm(join(home, 'artifacts', taskId), { recursive: true, force: true });
    }
    db.write(() => {
      for (const { task_id: taskId } of rows) removeTaskRows(db, taskId);
    });
  }
}

function removeTaskRows(db: QueueDatabase, taskId: string): void {
  db.run('DELETE FROM definitions WHERE id = (SELECT id FROM tasks WHERE task_id = ?)', taskId);
  for (const table of ['pending', 'runs', 'artifacts', 'namespaces', 'dependencies', 'tasks']) {
    db.run(`DELETE FROM ${table} WHERE task_id = ?`, taskId);
  }
}

async function removeArtifacts(db: QueueDatabase, now: number, home: string): Promise<void> {
  type Row = { task_id: string; run_id: number; name: string };
  for (;;) {
    const rows = db.read(() =>
      db.all<Row>('SELECT task_id, run_id, name FROM artifacts WHERE expires <= ? LIMIT ?', now, batch),
    );
    if (rows.length === 0) return;
    for (const row of rows) await rm(artifactFile(home, row.task_id, row.run_id, row.name), { force: true });
    db.write(() => {
      for (const row of rows) {
        db.run(
          'DELETE FROM artifacts WHERE task_id = ? AND run_id = ? AND name = ?',
          row.task_id,
          row.run_id,
          row.name,
        );
      }
    });
  }
}

async function removeStrayFiles(db: QueueDatabase, home: string): Promise<void> {
  const folder = join(home, 'artifacts');
  for (const { name: taskId } of await entries(folder)) {
    const known = db.read(() => db.get('SELECT 1 FROM tasks WHERE task_id = ?', taskId)) !== undefined;
    if (!known) await rm(join(folder, taskId), { recursive: true, force: true });
    else
      for (const run of await entries(join(folder, taskId)))
        await removeStrayUploads(db, home, taskId, run.name);
  }
}

/** What a killed worker left beside the artifacts of one run. */
async function removeStrayUploads(
  db: QueueDatabase,
  home: string,
  taskId: string,
  run: string,
): Promise<void> {
  const folder = join(home, 'artifacts', taskId, run);
  const runId = Number(run);
  const announced = new Set(
    db
      .read(() =>
        db.all<{ name: string }>(
          'SELECT name FROM artifacts WHERE task_id = ? AND run_id = ?',
          taskId,
          runId,
        ),
      )
      .map(({ name }) => artifactFile(home, taskId, runId, name)),
  );
  for (const { name } of await entries(folder)) {
    const file = join(folder, name);
    if (!announced.has(file) && (await isOld(file))) await rm(file, { recursive: true, force: true });
  }
}

async function isOld(file: string): Promise<boolean> {
  try {
    return Date.now() - (await lstat(file)).mtimeMs > uploadHours * 3_600_000;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

async function entries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

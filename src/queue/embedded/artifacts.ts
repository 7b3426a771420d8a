import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDirectory, isErrno } from '../../base/files.ts';
import { sha256 } from '../../base/hash.ts';
import { type Artifact, type CreatedArtifact, type ListedArtifact, QueueError } from '../queue.ts';
import type { QueueDatabase } from './database.ts';
import { countRuns } from './schedule.ts';
import { isoTime, runRow, taskRow } from './status.ts';

const longestName = 1024;

interface ArtifactRow {
  readonly name: string;
  readonly storage_type: ListedArtifact['storageType'];
  readonly content_type: string;
  readonly content_encoding: ListedArtifact['contentEncoding'];
  readonly reason: string | null;
  readonly message: string | null;
  readonly expires: number;
}

const columns = 'name, storage_type, content_type, content_encoding, reason, message, expires';

/** `$CAISSON_HOME/artifacts/<taskId>/<runId>/<SHA-256 of the name>`: no name is ever a part of a path. */
export function artifactFile(home: string, taskId: string, runId: number, name: string): string {
  return join(artifactFolder(home, taskId, runId), sha256(name));
}

/**
 * Announces an artifact of a run that is running, or that ended as exception (a worker still uploads its log then).
 * Idempotent; `conflict` for another artifact of that name.
 */
export function createArtifact(
  db: QueueDatabase,
  taskId: string,
  runId: number,
  name: string,
  artifact: Artifact,
): void {
  checkName(name);
  const run = runRow(db, taskId, runId);
  if (run.state !== 'running' && run.state !== 'exception') {
    throw new QueueError('conflict', `artifact ${name}: task ${taskId} run ${runId} is ${run.state}`);
  }
  const row = rowOf(name, artifact);
  if (row.expires > taskRow(db, taskId).expires) {
    throw new QueueError('bad-request', `artifact ${name} would expire after its task`);
  }
  const existing = artifactRow(db, taskId, runId, name);
  if (existing === undefined) {
    insertArtifact(db, taskId, runId, row);
  } else if (!isSame(existing, row)) {
    throw new QueueError('conflict', `artifact ${name} of task ${taskId} run ${runId} exists and is another`);
  }
}

/** Makes the folder that the bytes of an announced artifact go to, and says where they go. */
export function prepareUpload(home: string, taskId: string, runId: number, name: string): CreatedArtifact {
  const folder = artifactFolder(home, taskId, runId);
  try {
    ensureDirectory(folder);
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'EIO'))
      throw error;
    throw new QueueError('unavailable', `cannot make ${folder}: ${error.message}`, { cause: error });
  }
  return { storageType: 's3', putUrl: pathToFileURL(artifactFile(home, taskId, runId, name)).href };
}

/** Artifacts of the latest run unless told otherwise, in order of their names; expired ones are not there. */
export function listArtifacts(
  db: QueueDatabase,
  now: number,
  taskId: string,
  runId: number | undefined,
): ListedArtifact[] {
  const run = resolveRunId(db, taskId, runId);
  if (run === undefined) return [];
  return db
    .all<ArtifactRow>(
      `SELECT ${columns} FROM artifacts WHERE task_id = ? AND run_id = ? AND expires > ? ORDER BY name`,
      taskId,
      run,
      now,
    )
    .map((row) => ({
      name: row.name,
      storageType: row.storage_type,
      contentType: row.content_type,
      contentEncoding: row.content_encoding,
      expires: isoTime(row.expires),
    }));
}

/** The run whose artifact exists and has its bytes; else `not-found`, with the worker's reason when it gave one. */
export function findArtifact(
  db: QueueDatabase,
  now: number,
  home: string,
  taskId: string,
  name: string,
  runId: number | undefined,
): string {
  const run = resolveRunId(db, taskId, runId);
  const row = run === undefined ? undefined : artifactRow(db, taskId, run, name);
  const what = `artifact ${name} of task ${taskId}`;
  if (run === undefined || row === undefined || row.expires <= now)
    throw new QueueError('not-found', `no ${what}`);
  if (row.storage_type === 'error')
    throw new QueueError('not-found', `${what}: ${row.reason}: ${row.message}`);
  const file = artifactFile(home, taskId, run, name);
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new QueueError('not-found', `${what} has not been stored`);
  }
  return pathToFileURL(file).href;
}

/** The run that was asked for, or the latest; undefined when the task has none yet. */
function resolveRunId(db: QueueDatabase, taskId: string, runId: number | undefined): number | undefined {
  if (runId !== undefined) {
    runRow(db, taskId, runId);
    return runId;
  }
  taskRow(db, taskId);
  const runs = countRuns(db, taskId);
  return runs === 0 ? undefined : runs - 1;
}

const artifactFolder = (home: string, taskId: string, runId: number): string =>
  join(home, 'artifacts', taskId, String(runId));

function artifactRow(
  db: QueueDatabase,
  taskId: string,
  runId: number,
  name: string,
): ArtifactRow | undefined {
  return db.get<ArtifactRow>(
    `SELECT ${columns} FROM artifacts WHERE task_id = ? AND run_id = ? AND name = ?`,
    taskId,
    runId,
    name,
  );
}

function insertArtifact(db: QueueDatabase, taskId: string, runId: number, row: ArtifactRow): void {
  db.run(
    `INSERT INTO artifacts (task_id, run_id, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    taskId,
    runId,
    row.name,
    row.storage_type,
    row.content_type,
    row.content_encoding,
    row.reason,
    row.message,
    row.expires,
  );
}

function rowOf(name: string, artifact: Artifact): ArtifactRow {
  const expires = Date.parse(artifact.expires);
  if (Number.isNaN(expires)) throw new QueueError('bad-request', `artifact ${name}: expires is not a time`);
  if (artifact.storageType === 's3') {
    // It becomes a header when the artifact is served.
    if (!/^[\x20-\x7e]+$/.test(artifact.contentType)) {
      throw new QueueError('bad-request', `artifact ${name}: contentType is not printable ASCII`);
    }
    const encoding = artifact.contentEncoding ?? 'identity';
    return row('s3', artifact.contentType, encoding, null, null);
  }
  return row('error', 'application/json', 'identity', artifact.reason, artifact.message);

  function row(
    storage: ArtifactRow['storage_type'],
    contentType: string,
    contentEncoding: ArtifactRow['content_encoding'],
    reason: string | null,
    message: string | null,
  ): ArtifactRow {
    return {
      name,
      storage_type: storage,
      content_type: contentType,
      content_encoding: contentEncoding,
      reason,
      message,
      expires,
    };
  }
}

function isSame(a: ArtifactRow, b: ArtifactRow): boolean {
  return (
    a.storage_type === b.storage_type &&
    a.content_type === b.content_type &&
    a.content_encoding === b.content_encoding &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.expires === b.expires
  );
}

function checkName(name: string): void {
  if (name.length === 0 || name.length > longestName || !/^\P{Cc}+$/u.test(name)) {
    throw new QueueError('bad-request', `not an artifact name: ${JSON.stringify(name.slice(0, 80))}`);
  }
}

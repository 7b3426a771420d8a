import { setTimeout as delay } from 'node:timers/promises';
import { fail, FailureError } from '../../base/failure.ts';
import { QueueError } from '../queue.ts';
import { type Connection, connect, sqliteCode, type SqlValue, type Statement } from './driver.ts';
import { migrations } from './schema.ts';

/** Result codes of SQLite that are told apart here. */
const busy = 5;
const damaged = 11;
const full = 13;
const notDatabase = 26;
const worldFailures = new Map([
  [3, 'permission denied'],
  [busy, 'another process holds its lock'],
  [8, 'it is read-only'],
  [10, 'reading or writing failed'],
  [damaged, 'it is damaged'],
  [full, 'the disk is full'],
  [14, 'it cannot be opened'],
  [22, 'the file system cannot hold it'],
  [notDatabase, 'it is not a database'],
]);

/** How long a statement waits for another process; every transaction here is far shorter. */
const busyTimeoutMs = 10_000;

/** 16 MB: four times SQLite's own choice, so that creating many tasks waits less for the disk. */
const checkpointPages = 4_000;

/**
 * The queue's database: prepared statements by their text, and transactions. Several processes may have the same file
 * open. After `kill -9` the last committed transaction is there, whole. After a power loss the newest transactions may
 * be missing, but never a part of one (WAL with `synchronous = NORMAL`), unless it was opened `durable` (`FULL`).
 */
export class QueueDatabase {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #statements = new Map<string, Statement>();
  #closed = false;

  constructor(connection: Connection, path: string) {
    this.#connection = connection;
    this.#path = path;
  }

  /** The first row, as the caller says it is. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the statement's text is what fixes the row
  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /** The number of rows that were changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  /** Runs a function in one transaction that holds the write lock from its start; rolls back when it throws. */
  write<T>(act: () => T): T {
    return this.#transaction('BEGIN IMMEDIATE', act);
  }

  /** Runs a function that only reads, on one snapshot. */
  read<T>(act: () => T): T {
    return this.#transaction('BEGIN', act);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.clear();
    this.#connection.close();
  }

  #transaction<T>(begin: string, act: () => T): T {
    if (this.#closed) throw new QueueError('unavailable', 'the queue is closed');
    try {
      this.run(begin);
      try {
        const result = act();
        this.run('COMMIT');
        return result;
      } catch (error) {
        this.#rollBack();
        throw error;
      }
    } catch (error) {
      const reason = worldFailures.get(sqliteCode(error) ?? -1);
      if (reason === undefined) throw error;
      throw new QueueError('unavailable', `the queue's database ${this.#path} cannot be used: ${reason}`, {
        cause: error,
      });
    }
  }

  #rollBack(): void {
    try {
      this.run('ROLLBACK');
    } catch (error) {
      // SQLite has rolled back by itself already when the disk is full or fails.
      if (sqliteCode(error) === undefined) throw error;
    }
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/**
 * Opens the database and brings its tables up to date. The folder must exist. `durable` makes every commit survive a
 * power loss, at the price of one fsync each. Fails as `unavailable`, with the path, when the file cannot be used.
 */
export async function openDatabase(path: string, durable: boolean): Promise<QueueDatabase> {
  let connection: Connection | undefined;
  try {
    connection = await connect(path);
    connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    await setWriteAheadLog(connection);
    connection.exec(`PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}`);
    connection.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
    migrate(connection, path);
    return new QueueDatabase(connection, path);
  } catch (error) {
    connection?.close();
    const reason = worldFailures.get(sqliteCode(error) ?? -1);
    if (reason === undefined) throw error;
    throw new FailureError(
      {
        kind: 'unavailable',
        message: `the queue's database ${path} cannot be used: ${reason}`,
        hint: hintFor(error, path),
      },
      { cause: error },
    );
  }
}

/** Two processes that open a new file at once can meet SQLITE_BUSY here whatever the busy timeout is. */
async function setWriteAheadLog(connection: Connection): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      connection.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (sqliteCode(error) !== busy || attempt === 50) throw error;
      await delay(20);
    }
  }
}

function migrate(connection: Connection, path: string): void {
  if (schemaVersion(connection) === migrations.length) return;
  connection.exec('BEGIN IMMEDIATE');
  try {
    const version = schemaVersion(connection);
    if (version > migrations.length) {
      fail(
        'unavailable',
        `the queue's database ${path} was written by a newer version of caisson`,
        'use that version, or another $CAISSON_HOME',
      );
    }
    for (const script of migrations.slice(version)) connection.exec(script);
    connection.exec(`PRAGMA user_version = ${migrations.length}`);
    connection.exec('COMMIT');
  } catch (error) {
    connection.exec('ROLLBACK');
    throw error;
  }
}

function schemaVersion(connection: Connection): number {
  return (connection.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

function hintFor(error: unknown, path: string): string {
  const code = sqliteCode(error);
  if (code === busy) return 'wait for the other process, or end it';
  if (code === full) return 'make room on the disk';
  if (code === damaged || code === notDatabase) {
    return `move ${path} and the files beside it away; the queue starts empty then, caches are not touched`;
  }
  return 'set CAISSON_HOME to a folder on a local disk that you may write to';
}

import { fail } from '../../base/failure.ts';
import { isErrno } from '../../base/files.ts';

/** What SQLite stores and gives back here; times are integers (milliseconds since 1970). */
export type SqlValue = string | number | null;

export interface Statement {
  run(...values: SqlValue[]): { readonly changes: number | bigint };
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
}

/** The part of `DatabaseSync` that both drivers share and that the queue needs. */
export interface Connection {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface Driver {
  readonly DatabaseSync: new (path: string) => Connection;
}

// A variable keeps compilers from resolving a module that older versions of Node do not have.
const builtin: string = 'node:sqlite';

let loaded: Promise<Driver> | undefined;

/** Opens a database file, creating it when it is not there. Throws the driver's error; see {@link sqliteCode}. */
export async function connect(path: string): Promise<Connection> {
  loaded ??= loadDriver();
  const { DatabaseSync } = await loaded;
  return new DatabaseSync(path);
}

/**
 * SQLite's primary result code of an error (https://sqlite.org/rescode.html), or undefined when it is not SQLite's.
 * Drivers hand out the extended code, whose low byte is the primary one.
 */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

async function loadDriver(): Promise<Driver> {
  try {
    return await withoutExperimentalWarning(() => import(builtin) as Promise<Driver>);
  } catch (error) {
    if (!isErrno(error, 'ERR_UNKNOWN_BUILTIN_MODULE', 'ERR_MODULE_NOT_FOUND')) throw error;
  }
  try {
    return await import('@photostructure/sqlite');
  } catch (error) {
    // No build of the package for this platform shows in several ways, all of them at load time.
    const reason = error instanceof Error ? error.message : String(error);
    return fail(
      'unavailable',
      `no SQLite in this Node ${process.version}: ${reason}`,
      'use Node 22.13 or newer',
    );
  }
}

/** Node 22 and 24 announce on stderr that their SQLite is young; that is nothing a user can act upon. */
async function withoutExperimentalWarning<T>(load: () => Promise<T>): Promise<T> {
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning')!;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === 'ExperimentalWarning' && String(warning).includes('SQLite')) return;
    Reflect.apply(original.value, process, [warning, ...rest]);
  };
  try {
    return await load();
  } finally {
    Object.defineProperty(process, 'emitWarning', original);
  }
}

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { printable } from '../base/printable.ts';
import { err, ok, type Result } from '../base/result.ts';

export const auditLogName = '.cachelog';
/** The log is cut to its newest half when it grows beyond this many bytes. */
const largest = 64 * 1024;
/** Longer events are cut: one line must not push all others out. */
const longestEvent = 2000;

/**
 * Adds `[time task-id] text` to the log in a cache. The file lies in the task's reach: links, other types, other
 * owners and hard links are never opened for writing but replaced by a new log, and what goes wrong is told to the
 * caller, who goes on without.
 */
export function appendAudit(cache: string, taskId: string, text: string): Result<void, string> {
  const event = printable(text).slice(0, longestEvent);
  const line = `[${new Date().toISOString()} ${printable(taskId).slice(0, 200)}] ${event}\n`;
  const written = appendLine(cache, line);
  if (written.ok) return written;
  try {
    unlinkSync(join(cache, auditLogName));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return written;
  }
  return appendLine(cache, line);
}

function appendLine(cache: string, line: string): Result<void, string> {
  return withLog(cache, constants.O_RDWR | constants.O_CREAT, (fd, size) => {
    const kept = size > largest ? newestHalf(fd, size) : null;
    if (kept !== null) {
      ftruncateSync(fd, 0);
      writeSync(fd, kept, 0, kept.length, 0);
    }
    const bytes = Buffer.from(line);
    writeSync(fd, bytes, 0, bytes.length, kept?.length ?? size);
  });
}

/** The last lines of the log, without anything that would move a terminal's cursor; none when it cannot be trusted. */
export function readAudit(cache: string, lines = 50): string[] {
  const read = withLog(cache, constants.O_RDONLY, (fd, size) => {
    const from = Math.max(0, size - largest);
    const bytes = Buffer.alloc(size - from);
    const length = readSync(fd, bytes, 0, bytes.length, from);
    return bytes.subarray(0, length).toString('utf8').split('\n').map(printable);
  });
  if (!read.ok) return [];
  return read.value.filter((line) => line !== '').slice(-lines);
}

function newestHalf(fd: number, size: number): Buffer {
  const bytes = Buffer.alloc(largest / 2);
  const length = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
  const kept = bytes.subarray(0, length);
  return kept.subarray(kept.indexOf(0x0a) + 1);
}

function withLog<T>(cache: string, flags: number, act: (fd: number, size: number) => T): Result<T, string> {
  try {
    const fd = openSync(
      join(cache, auditLogName),
      flags | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      0o644,
    );
    try {
      const stat = fstatSync(fd);
      const self = process.getuid?.() ?? stat.uid;
      if (!stat.isFile()) return err('the audit log is not a regular file');
      if (stat.nlink !== 1) return err('the audit log has other names');
      if (stat.uid !== 0 && stat.uid !== self) return err(`the audit log belongs to ${stat.uid}`);
      if ((flags & constants.O_CREAT) !== 0 && (stat.mode & 0o022) !== 0) fchmodSync(fd, 0o644);
      return ok(act(fd, stat.size));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return err(`the audit log cannot be used (${error.message})`);
  }
}

import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isErrno } from '../base/files.ts';

/** A pipe for both output streams of a command. */
export interface OutputPipe {
  /** to be given to the command as file descriptors 1 and 2 */
  readonly writeEnd: number;
  readonly readEnd: Readable;
  /** to be called when the command has been started: from then on only it and its children hold the write end */
  closeWriteEnd(): void;
}

/**
 * Makes a real pipe, which Node's own "pipes", being sockets, are not: a command can open its /dev/stdout by name.
 * It is a FIFO whose name is gone before the command starts. Null where no folder takes one.
 */
export function makeOutputPipe(): OutputPipe | null {
  for (const folder of new Set([tmpdir(), '/tmp', '/dev/shm', process.cwd()])) {
    const ends = fifoIn(folder);
    if (ends === null) continue;
    return {
      writeEnd: ends.write,
      readEnd: new Socket({ fd: ends.read, readable: true, writable: false }),
      closeWriteEnd: () => closeSync(ends.write),
    };
  }
  return null;
}

function fifoIn(folder: string): { read: number; write: number } | null {
  let directory: string;
  try {
    directory = mkdtempSync(join(folder, '.run-task-'));
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT')) throw error;
    return null;
  }
  try {
    const name = join(directory, 'output');
    if (spawnSync('mkfifo', ['-m', '600', name], { stdio: 'ignore' }).status !== 0) return null;
    const read = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
    return { read, write: openSync(name, constants.O_WRONLY) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

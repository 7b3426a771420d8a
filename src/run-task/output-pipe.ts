import { spawnSync } from 'node:child_process';
import { close, closeSync, constants, mkdtempSync, openSync, read, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { isErrno } from '../base/files.ts';
import type { Libc } from './libc.ts';

/** A pipe for both output streams of a command. */
export interface OutputPipe {
  /** to be given to the command as file descriptors 1 and 2 */
  readonly writeEnd: number;
  readonly readEnd: Readable;
  /** to be called when the command has been started: from then on only it and its children hold the write end */
  closeWriteEnd(): void;
}

const room = 1 << 18;

/**
 * Makes a real pipe, which the runtimes' own "pipes", being sockets, are not: a command can open its /dev/stdout by
 * name. Without the C library it is a FIFO whose name is gone before the command starts. Null where no folder takes one.
 */
export function makeOutputPipe(libc: Libc | null): OutputPipe | null {
  if (libc !== null) {
    const { readEnd, writeEnd } = libc.makePipe();
    return { writeEnd, readEnd: readPipe(readEnd), closeWriteEnd: () => closeSync(writeEnd) };
  }
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

/** Each chunk is good until the next one comes. */
function readPipe(descriptor: number): Readable {
  const fill = (buffer: Buffer) =>
    new Promise<Buffer>((resolve, reject) => {
      read(descriptor, buffer, 0, room, null, (error, length) => {
        if (error) reject(error);
        else resolve(buffer.subarray(0, length));
      });
    });
  // The system fills one while the other is worked on.
  let [handed, filling] = [Buffer.allocUnsafeSlow(room), Buffer.allocUnsafeSlow(room)];
  let coming = fill(filling);
  return new Readable({
    highWaterMark: 1,
    read() {
      coming.then(
        (chunk) => {
          [handed, filling] = [filling, handed];
          if (chunk.length > 0) coming = fill(filling);
          this.push(chunk.length === 0 ? null : chunk);
        },
        (error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      close(descriptor, () => done(error));
    },
  });
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

import { closeSync, constants, fchmodSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { fail } from '../../base/failure.ts';
import { type Output, pump, startProcess } from '../../base/process.ts';

/**
 * The pipe that carries stdout and stderr of a sandbox. One real pipe for both keeps the order in which they were
 * written, and `/dev/stdout` can be opened again, by any user of the sandbox (Node's own pipes are sockets: they cannot).
 */
export interface OutputPipe {
  /** for the children's stdout and stderr */
  readonly writeEnd: number;
  /** starts reading; settles when nobody has the pipe open for writing any more. Once. */
  read(output: Output): Promise<void>;
  /** closes our own write end; without this the reader never sees the end */
  closeWriteEnd(): void;
  /** stops reading, whoever may still write */
  abandon(): void;
}

/** Starting `mkfifo` costs more than everything else here: make some at once, keep the spare ones opened, without a name. */
const batch = 8;
const spare: { readEnd: number; writeEnd: number }[] = [];

/** Opens a pipe; `directory` is an empty private place for its name, which is gone when this returns. */
export async function openOutputPipe(directory: string): Promise<OutputPipe> {
  if (spare.length === 0) await refill(directory);
  const { readEnd, writeEnd } = spare.pop()!;
  let writable = true;
  let socket: Socket | null = null;
  return {
    writeEnd,
    read(output) {
      socket = new Socket({ fd: readEnd, readable: true, writable: false });
      return pump(socket, output);
    },
    closeWriteEnd() {
      if (writable) closeSync(writeEnd);
      writable = false;
    },
    abandon() {
      if (socket) socket.destroy();
      else closeSync(readEnd);
    },
  };
}

async function refill(directory: string): Promise<void> {
  const names = Array.from({ length: batch }, (_, i) => join(directory, `.output-${i}`));
  const { ended } = startProcess(['mkfifo', '-m', '600', ...names], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
  });
  const end = await ended;
  if (end.kind !== 'exited' || end.code !== 0) {
    fail('unavailable', `mkfifo failed in ${directory}`, 'it belongs to coreutils, or the disk is full');
  }
  for (const name of names) {
    const readEnd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
    const writeEnd = openSync(name, constants.O_WRONLY);
    // A task's processes run as several users, and any of them may open /dev/stdout.
    fchmodSync(writeEnd, 0o666);
    rmSync(name);
    spare.push({ readEnd, writeEnd });
  }
}

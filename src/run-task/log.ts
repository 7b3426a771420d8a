import { writeSync } from 'node:fs';
import { isErrno } from '../base/files.ts';

const newline = 10;
const stdout = 1;
const stderr = 2;
let output = stdout;
let plain = false;
let atLineStart = true;
let readerGone = false;
let teller: ((prefix: string, text: string) => void) | null = null;

/** From now on lines go to standard error, without prefixes: for a program that is no wrapper. */
export function logPlainly(): void {
  output = stderr;
  plain = true;
}

/** From now on another thread says what is said in this one: times go forward only when one thread writes them. */
export function sayThrough(other: (prefix: string, text: string) => void): void {
  teller = other;
}

/** Says something of our own: `[prefix time] text`, one line. */
export function say(prefix: string, text: string): void {
  if (teller !== null) {
    teller(prefix, text);
    return;
  }
  tell(`${linePrefix(prefix)}${text}`);
}

/** Prints lines without a prefix: errors, and what other programs read. */
export function tell(text: string): void {
  writeBytes(Buffer.from(`${atLineStart ? '' : '\n'}${text}\n`));
}

/** `[prefix 2026-01-31T12:00:00.000Z] ` */
export function linePrefix(prefix: string): string {
  return plain ? '' : `[${prefix} ${new Date().toISOString()}] `;
}

/**
 * Writes to where the log goes and waits until it is taken: a slow reader slows the command down instead of filling our
 * memory. When nobody reads any more, output is dropped and the command runs on.
 */
export function writeBytes(bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  atLineStart = bytes[bytes.length - 1] === newline;
  for (let at = 0; at < bytes.length && !readerGone; ) {
    try {
      at += writeSync(output, bytes, at);
    } catch (error) {
      if (isErrno(error, 'EPIPE')) readerGone = true;
      else if (isErrno(error, 'EAGAIN')) sleep(1);
      else throw error;
    }
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

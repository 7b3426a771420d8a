import { ArchiveError } from './archive-error.ts';
import { closeSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Compression, compressionOf, gunzipWhole, openDecompressed, readableOf } from './decompress.ts';

export type OpenArchive =
  | { readonly kind: 'zip' }
  /** `stream` is the tar itself; who takes it destroys it */
  | {
      readonly kind: 'tar';
      readonly compression: Compression;
      readonly stream: Readable;
      /** all that the stream has, when that was unpacked at once */
      readonly whole: Buffer | null;
    }
  | { readonly kind: 'none' };

const tarBlock = 512;
const checksumField = { start: 148, end: 156 };

/**
 * Tells by its content what a file is, whatever its name says. Throws ArchiveError for broken compression. `bytes` are
 * taken for what is in the file, which then need not be there.
 */
export async function openArchive(file: string, bytes: Buffer | null = null): Promise<OpenArchive> {
  const start = bytes?.subarray(0, tarBlock) ?? readStart(file);
  if (isZip(start)) return { kind: 'zip' };
  const compression = compressionOf(start);
  if (compression === 'none' && !isTarHeader(start)) return { kind: 'none' };
  const whole = compression === 'gzip' ? gunzipWhole(bytes ?? file) : null;
  const stream = whole ? readableOf(whole) : await openDecompressed(bytes ?? file, compression);
  if (isTarHeader(await peek(stream, file))) return { kind: 'tar', compression, stream, whole };
  stream.destroy();
  return { kind: 'none' };
}

function readStart(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const block = Buffer.alloc(tarBlock);
    return block.subarray(0, readSync(descriptor, block, 0, tarBlock, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** The first block, which stays in the stream; empty when there is none. */
function peek(stream: Readable, file: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (block: Buffer) => {
      for (const [event, listener] of listeners) stream.off(event, listener);
      resolve(block);
    };
    const look = () => {
      const block = stream.read(tarBlock) as Buffer | null;
      if (block === null) return;
      stream.unshift(block);
      done(block);
    };
    const nothing = () => done(Buffer.alloc(0));
    const listeners = [
      ['readable', look],
      ['end', nothing],
      ['close', nothing],
    ] as const;
    for (const [event, listener] of listeners) stream.on(event, listener);
    // What comes after this block is told by who reads it.
    stream.on('error', (error) =>
      reject('syscall' in error ? error : new ArchiveError(`cannot unpack ${file}: ${error.message}`)),
    );
  });
}

/** By the mark of an entry, or of an empty archive's end: a tar may start with a file whose name starts with `PK`. */
function isZip(start: Buffer): boolean {
  return ['PK\x03\x04', 'PK\x05\x06'].includes(start.toString('latin1', 0, 4));
}

/** Old archives have no magic; their checksum tells them. */
function isTarHeader(block: Buffer): boolean {
  if (block.length < tarBlock) return false;
  const { start, end } = checksumField;
  const written = Number.parseInt(block.toString('latin1', start, end).replace(/[\0 ]/g, ' ').trim(), 8);
  const sum = block.reduce((total, byte, at) => total + (at >= start && at < end ? 0x20 : byte), 0);
  return written === sum;
}

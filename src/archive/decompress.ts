import { createReadStream, readFileSync, statSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import zlib from 'node:zlib';

export type Compression = 'none' | 'gzip' | 'bzip2' | 'xz' | 'zstd';

const chunkSize = 1 << 16;
/** Up to these sizes gzip is taken at once, in half the time. */
const atOnce = { packed: 8 << 20, unpacked: 64 << 20 } as const;

/** What a file's first six bytes say. */
export function compressionOf(start: Buffer): Compression {
  const hex = start.subarray(0, 6).toString('hex');
  if (hex.startsWith('1f8b')) return 'gzip';
  if (hex.startsWith('425a68')) return 'bzip2';
  if (hex === 'fd377a585a00') return 'xz';
  return hex.startsWith('28b52ffd') ? 'zstd' : 'none';
}

/**
 * The decompressed bytes of a file, or of what would be in one, without any program's help; destroying the stream
 * closes the file.
 */
export async function openDecompressed(file: string | Buffer, compression: Compression): Promise<Readable> {
  const input: Readable =
    typeof file === 'string' ? createReadStream(file, { highWaterMark: chunkSize }) : readableOf(file);
  if (compression === 'none') return input;
  const output = await decompressed(input, compression);
  input.on('error', (error) => output.destroy(error));
  output.on('close', () => input.destroy());
  return output;
}

/**
 * The content of a small gzip file; never more than its end says, which is believed up to a limit. Null for every other
 * one, and for what is broken: that is told where it is read piece by piece.
 */
export function gunzipWhole(file: string | Buffer): Buffer | null {
  if (typeof file === 'string' && statSync(file).size > atOnce.packed) return null;
  const bytes = typeof file === 'string' ? readFileSync(file) : file;
  const size = bytes.length < 18 ? 0 : bytes.readUInt32LE(bytes.length - 4);
  if (size === 0 || size > atOnce.unpacked) return null;
  try {
    return zlib.gunzipSync(bytes, { chunkSize: Math.max(size, chunkSize), maxOutputLength: size });
  } catch {
    return null;
  }
}

/** A stream of what is in memory already, in one piece. */
export function readableOf(bytes: Buffer): Readable {
  const stream = new Readable({ read: () => undefined });
  stream.push(bytes);
  stream.push(null);
  return stream;
}

/**
 * Gives memory back that nobody looks at any more, where the runtime can: the next archive gets the same pages, instead
 * of new ones until garbage is collected.
 */
export function release(bytes: Buffer): void {
  // Smaller ones may share theirs.
  if (bytes.length <= Buffer.poolSize) return;
  (bytes.buffer as { transfer?: (size: number) => ArrayBuffer }).transfer?.(0);
}

async function decompressed(input: Readable, compression: Exclude<Compression, 'none'>): Promise<Readable> {
  switch (compression) {
    case 'gzip':
      return input.pipe(zlib.createGunzip({ chunkSize }));
    case 'xz': {
      const { XzReadableStream } = await import('xz-decompress');
      return Readable.fromWeb(new XzReadableStream(Readable.toWeb(input) as ReadableStream) as never);
    }
    case 'bzip2': {
      // @ts-expect-error it has no types
      const { default: unbzip2 } = (await import('unbzip2-stream')) as {
        default: () => NodeJS.ReadWriteStream;
      };
      const decoder = unbzip2();
      // The decoder closes as soon as it has ended, which must not take away what is still to be read.
      const output = input.pipe(decoder).pipe(new PassThrough({ highWaterMark: chunkSize }));
      decoder.on('error', (error: Error) => output.destroy(error));
      return output;
    }
    case 'zstd':
      break;
  }
  return unzstd(input);
}

/** Node has it from 22.15 on, and so have the executables; before, a decoder in JavaScript does it. */
async function unzstd(input: Readable): Promise<Readable> {
  if ('createZstdDecompress' in zlib) {
    const create = zlib.createZstdDecompress as (options: object) => NodeJS.ReadWriteStream & Readable;
    return input.pipe(create({ chunkSize }));
  }
  const { Decompress } = await import('fzstd');
  return Readable.from(
    (async function* () {
      const ready: Uint8Array[] = [];
      const decoder = new Decompress((chunk) => ready.push(chunk));
      for await (const chunk of input) {
        decoder.push(chunk as Buffer);
        yield* ready.splice(0).map((bytes) => Buffer.from(bytes));
      }
      decoder.push(new Uint8Array(0), true);
      yield* ready.splice(0).map((bytes) => Buffer.from(bytes));
    })(),
    { objectMode: false },
  );
}

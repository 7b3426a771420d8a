import { spawn } from 'node:child_process';
import { createWriteStream, openSync } from 'node:fs';
import { type Duplex, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { ArchiveError } from './archive-error.ts';

export interface Compressor {
  readonly input: Writable;
  /** resolves when all is on disk; rejects when compressing or writing failed */
  readonly done: Promise<void>;
}

/** Compresses into a new file with zstd, the same bytes into the same: with Node's own from 22.15 on (and in the executables), else the program. */
export function compressZstd(file: string): Compressor {
  if ('createZstdCompress' in zlib) {
    const compress = (zlib.createZstdCompress as () => Duplex)();
    // An end that is known with the last bytes makes other ones: whether it is would depend on who is faster.
    const input = new Writable({
      write: (chunk, _, done) => void compress.write(chunk, done),
      final: (done) => void compress.end(done),
      destroy: (error, done) => {
        if (error !== null) compress.destroy(error);
        done(error);
      },
    });
    return { input, done: pipeline(compress, createWriteStream(file)) };
  }
  const child = spawn('zstd', ['-q', '-c'], { stdio: ['pipe', openSync(file, 'w'), 'inherit'] });
  const input = child.stdin as Writable;
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', (error) =>
      reject(new ArchiveError(`${error.message}: Node before 22.15 needs zstd installed`)),
    );
    child.on('close', (code) => (code === 0 ? resolve() : reject(new ArchiveError(`zstd: exit ${code}`))));
  });
  return { input, done: Promise.all([ended, finished(input).catch(() => undefined)]).then(() => undefined) };
}

import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isErrno } from '../base/files.ts';
import { runRequired } from './command.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';

const tarBlock = 512;
const checksumField = { start: 148, end: 156 };

type Compression = 'none' | 'gzip' | 'bzip2' | 'xz' | 'zstd';

/** Unpacks an archive into a directory; answers false for a file that is none, whatever its name says. */
export async function extractArchive(file: string, directory: string, env: Environment): Promise<boolean> {
  const start = await readStart(createReadStream(file, { end: tarBlock - 1 }));
  if (start.subarray(0, 2).toString('latin1') === 'PK') {
    await runRequired('fetches', ['unzip', '-q', '-o', file], { env, cwd: directory });
    return true;
  }
  const compression = compressionOf(start);
  const header = compression === 'none' ? start : await peek(file, compression, env);
  if (!isTarHeader(header)) return false;
  await extractTar(file, compression, directory, env);
  return true;
}

async function extractTar(
  file: string,
  compression: Compression,
  directory: string,
  env: Environment,
): Promise<void> {
  const source = openStream(file, compression, env);
  const tar = spawn('tar', ['xf', '-'], { cwd: directory, env, stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = new Promise<number>((resolve, reject) => {
    tar.on('error', reject);
    tar.on('close', (code) => resolve(code ?? exitCode.error));
  });
  try {
    await pipeline(source.stream, tar.stdin);
  } catch (error) {
    // tar closes its input when it has seen the end mark, or says itself what is wrong.
    if (!isErrno(error, 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
  }
  const [code] = await Promise.all([ended, source.check()]);
  if (code !== 0) throw new ExitError(exitCode.error, `error: tar cannot unpack ${file} (exit ${code})`);
}

/** The first block of what a compressed file holds; empty when it cannot be read. */
async function peek(file: string, compression: Compression, env: Environment): Promise<Buffer> {
  const source = openStream(file, compression, env);
  const start = await readStart(source.stream);
  source.stop();
  return start;
}

interface Source {
  readonly stream: Readable;
  /** rejects when the program that decompresses failed */
  check(): Promise<void>;
  stop(): void;
}

function openStream(file: string, compression: Compression, env: Environment): Source {
  if (compression === 'none' || compression === 'gzip') {
    const input = createReadStream(file);
    const stream = compression === 'none' ? input : input.pipe(createGunzip());
    input.on('error', (error) => stream.destroy(error));
    return { stream, check: () => Promise.resolve(), stop: () => (stream.destroy(), void input.destroy()) };
  }
  const program = spawn(compression, ['-dc', file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve, reject) => {
    program.on('error', (error) => {
      const missing = isErrno(error, 'ENOENT') ? `${compression} is not installed` : error.message;
      const failure = new ExitError(exitCode.error, `error: cannot unpack ${file}: ${missing}`);
      program.stdout.destroy(failure);
      reject(failure);
    });
    program.on('close', (code, signal) => {
      if (code === 0 || signal !== null) resolve();
      else
        reject(new ExitError(exitCode.error, `error: ${compression} cannot unpack ${file} (exit ${code})`));
    });
  });
  ended.catch(() => undefined); // `check` tells it
  return { stream: program.stdout, check: () => ended, stop: () => void program.kill() };
}

async function readStart(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= tarBlock) stream.destroy();
  });
  try {
    await finished(stream);
  } catch (error) {
    if (error instanceof ExitError) throw error;
    // Cut short on purpose, or not what its first bytes promise.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
  return Buffer.concat(chunks).subarray(0, tarBlock);
}

function compressionOf(start: Buffer): Compression {
  const hex = start.subarray(0, 6).toString('hex');
  if (hex.startsWith('1f8b')) return 'gzip';
  if (hex.startsWith('425a68')) return 'bzip2';
  if (hex === 'fd377a585a00') return 'xz';
  return hex.startsWith('28b52ffd') ? 'zstd' : 'none';
}

/** Old archives have no magic; their checksum tells them. */
function isTarHeader(block: Buffer): boolean {
  if (block.length < tarBlock) return false;
  const { start, end } = checksumField;
  const written = Number.parseInt(block.toString('latin1', start, end).replace(/[\0 ]/g, ' ').trim(), 8);
  const sum = block.reduce((total, byte, at) => total + (at >= start && at < end ? 0x20 : byte), 0);
  return written === sum;
}

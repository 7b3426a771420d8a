import { createHash } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { IncomingMessage, RequestOptions } from 'node:http';
import type { Readable } from 'node:stream';
import { ExitError, exitCode } from './exit.ts';
import { say } from './log.ts';
import { pause } from './signals.ts';

/** Why a download failed, and whether another try may help. */
class DownloadError extends Error {
  readonly retry: boolean;

  constructor(message: string, retry: boolean, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'DownloadError';
    this.retry = retry;
  }
}

/** What a download must be, as far as it is known. */
export interface Wanted {
  /** hexadecimal; null: anything */
  readonly digest: string | null;
  /** of `digest`, and of what the log says; default sha256 */
  readonly algorithm?: string;
  readonly bytes?: number;
  /** sent to the host of the URL, not to others that it leads to */
  readonly headers?: Readonly<Record<string, string>>;
}

const attempts = 5;
const firstDelay = 2_000;
const idleLimit = 60_000;
const redirectLimit = 10;
const success = 200;

/**
 * Downloads a URL to a file, which appears whole or not at all. Tries again where that may help: the connection
 * broke, the server is busy, bytes are missing or (where they are known) wrong. Throws ExitError when it does not come.
 */
export async function downloadFile(url: string, path: string, wanted: Wanted): Promise<void> {
  const partial = `${path}.tmp`;
  try {
    await withRetries(url, () => fetchInto(partial, url, path, wanted));
  } finally {
    rmSync(partial, { force: true });
  }
}

async function fetchInto(partial: string, url: string, path: string, wanted: Wanted): Promise<void> {
  // A link that an archive left there would be written through.
  rmSync(partial, { force: true });
  const descriptor = openSync(partial, 'wx');
  let received: Received;
  try {
    received = await download(url, wanted, (chunk) => {
      for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
    });
  } finally {
    closeSync(descriptor);
  }
  const { digest, bytes } = received;
  const { algorithm = 'sha256' } = wanted;
  if (wanted.bytes !== undefined && wanted.bytes !== bytes) {
    throw new DownloadError(`size mismatch on ${url}: wanted ${wanted.bytes}; got ${bytes}`, true);
  }
  if (wanted.digest !== null && digest !== wanted.digest) {
    throw new DownloadError(`${algorithm} mismatch on ${url}: wanted ${wanted.digest}; got ${digest}`, true);
  }
  renameSync(partial, path);
  const verified = wanted.digest === null ? '' : ', verified';
  say('fetches', `${url}: ${bytes} bytes, ${algorithm} ${digest}${verified}`);
}

/** Downloads a small text; tries and fails as {@link downloadFile} does. */
export async function downloadText(url: string): Promise<string> {
  return (await downloadBytes(url)).toString('utf8');
}

/** {@link downloadText}, as bytes. */
export async function downloadBytes(url: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await withRetries(url, async () => {
    chunks.length = 0;
    await download(url, { digest: null }, (chunk) => void chunks.push(chunk));
  });
  return Buffer.concat(chunks);
}

async function withRetries(url: string, act: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await act();
      return;
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      say('fetches', `download failed (attempt ${attempt} of ${attempts}): ${error.message}`);
      if (!error.retry || attempt === attempts)
        throw new ExitError(exitCode.error, `error: cannot download ${url}`);
      await pause(firstDelay * 2 ** (attempt - 1));
    }
  }
}

interface Received {
  /** by the wanted algorithm */
  readonly digest: string;
  readonly bytes: number;
}

/** Hands the bytes on as they come; `take` may not keep us waiting. */
async function download(url: string, wanted: Wanted, take: (chunk: Buffer) => void): Promise<Received> {
  const hash = createHash(wanted.algorithm ?? 'sha256');
  let bytes = 0;
  try {
    const response = await follow(url, wanted.headers ?? {});
    // A server may send a file compressed that is not; one whose name says so stays as it is.
    const zipped = response.headers['content-encoding'] === 'gzip' && !new URL(url).pathname.endsWith('.gz');
    const body = zipped ? await unzipped(response) : response;
    await new Promise<void>((resolve, reject) => {
      body.on('data', (chunk: Buffer) => {
        try {
          hash.update(chunk);
          bytes += chunk.length;
          take(chunk);
        } catch (error) {
          body.destroy();
          reject(error);
        }
      });
      body.on('end', resolve);
      body.on('error', reject);
      body.on('close', () => reject(new DownloadError(`${url}: the connection broke`, true)));
    });
    const length = Number(response.headers['content-length'] ?? Number.NaN);
    if (!zipped && !Number.isNaN(length) && length !== bytes) {
      throw new DownloadError(`size mismatch on ${url}: wanted ${length}; got ${bytes}`, true);
    }
  } catch (error) {
    if (error instanceof DownloadError || !isWorldError(error)) throw error;
    throw new DownloadError(`${url}: ${error.message}`, true, { cause: error });
  }
  return { digest: hash.digest('hex'), bytes };
}

async function unzipped(response: IncomingMessage): Promise<Readable> {
  const { createGunzip } = await import('node:zlib');
  const body = response.pipe(createGunzip());
  response.on('error', (error) => body.destroy(error));
  response.on('close', () => {
    if (!response.complete) body.destroy(new DownloadError(`${response.url}: the connection broke`, true));
  });
  return body;
}

async function follow(url: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  const { host } = new URL(url);
  let at = new URL(url);
  for (let redirects = 0; redirects <= redirectLimit; redirects++) {
    const response = await request(at, at.host === host ? headers : {});
    const status = response.statusCode ?? 0;
    if (status === success) return response;
    response.resume();
    const location = response.headers.location;
    if (status < 300 || status >= 400 || location === undefined) {
      // 4xx says that we are wrong, except for "later" and "too many".
      const retry = status >= 500 || status === 408 || status === 429;
      throw new DownloadError(`HTTP status ${status} for ${at.href}`, retry);
    }
    at = new URL(location, at);
  }
  throw new DownloadError(`too many redirects from ${url}`, false);
}

async function request(url: URL, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  // Loaded when needed: most tasks fetch nothing, and this takes longer than all else we do.
  const { get } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const options: RequestOptions = { headers: { 'accept-encoding': 'gzip', ...headers }, timeout: idleLimit };
  return new Promise((resolve, reject) => {
    const sent = get(url, options, resolve);
    sent.on('timeout', () => sent.destroy(new Error(`nothing came for ${idleLimit / 1000} s`)));
    sent.on('error', (error) =>
      reject(new DownloadError(`${url.href}: ${error.message}`, true, { cause: error })),
    );
  });
}

/** Errors of the network, the disk and zlib carry a code; our own bugs do not. */
function isWorldError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error;
}

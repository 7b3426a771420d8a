import { createHash } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { ExitError, exitCode } from './exit.ts';
import { type HttpResponse, eachChunk, httpGet } from './http.ts';
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
  await downloadSmall(url, path, wanted, 0);
}

/** {@link downloadFile}, but what the server says to be at most `small` bytes is answered and no file is made of it. */
export async function downloadSmall(
  url: string,
  path: string,
  wanted: Wanted,
  small: number,
): Promise<Buffer | null> {
  const partial = `${path}.tmp`;
  try {
    return await withRetries(url, async () => {
      const answer = await ask(url, wanted);
      const kept = answer.bytes !== null && answer.bytes <= small ? Buffer.allocUnsafe(answer.bytes) : null;
      const what = await (kept ? receiveBytes(answer, wanted, kept) : receiveFile(answer, wanted, partial));
      if (kept === null) renameSync(partial, path);
      say('fetches', `${url}: ${what}`);
      return kept;
    });
  } finally {
    rmSync(partial, { force: true });
  }
}

async function receiveFile(answer: Answer, wanted: Wanted, file: string): Promise<string> {
  let descriptor: number;
  try {
    // A link that an archive left there would be written through.
    rmSync(file, { force: true });
    descriptor = openSync(file, 'wx');
  } catch (error) {
    answer.discard();
    throw error;
  }
  try {
    return await receive(answer, wanted, (chunk) => {
      for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
    });
  } finally {
    closeSync(descriptor);
  }
}

function receiveBytes(answer: Answer, wanted: Wanted, into: Buffer): Promise<string> {
  let filled = 0;
  return receive(answer, wanted, (chunk) => {
    // More than was announced is told by its size.
    if (filled + chunk.length <= into.length) into.set(chunk, filled);
    filled += chunk.length;
  });
}

/** Downloads a small text; tries and fails as {@link downloadFile} does. */
export async function downloadText(url: string): Promise<string> {
  return (await downloadBytes(url)).toString('utf8');
}

/** {@link downloadText}, as bytes. */
export async function downloadBytes(url: string): Promise<Buffer> {
  const wanted = { digest: null };
  return withRetries(url, async () => {
    const chunks: Uint8Array[] = [];
    await receive(await ask(url, wanted), wanted, (chunk) => void chunks.push(chunk));
    return Buffer.concat(chunks);
  });
}

async function withRetries<T>(url: string, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      say('fetches', `download failed (attempt ${attempt} of ${attempts}): ${error.message}`);
      if (!error.retry || attempt === attempts)
        throw new ExitError(exitCode.error, `error: cannot download ${url}`);
      await pause(firstDelay * 2 ** (attempt - 1));
    }
  }
}

interface Answer {
  readonly url: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** instead of reading the body */
  readonly discard: () => void;
  /** as the server says it; null when it does not */
  readonly bytes: number | null;
}

async function ask(url: string, wanted: Wanted): Promise<Answer> {
  try {
    const response = await follow(url, wanted.headers ?? {});
    // A server may send a file compressed that is not; one whose name says so stays as it is.
    const zipped = response.header('content-encoding') === 'gzip' && !new URL(url).pathname.endsWith('.gz');
    const { body, discard } = response;
    if (zipped) return { url, body: await unzipped(body), discard, bytes: null };
    const length = Number(response.header('content-length') ?? Number.NaN);
    return { url, body, discard, bytes: Number.isNaN(length) ? null : length };
  } catch (error) {
    throw failureOf(url, error);
  }
}

/**
 * Hands the bytes on as they come; `take` may not keep us waiting. Answers what they were, for the log; throws when
 * they are not the wanted ones.
 */
async function receive(answer: Answer, wanted: Wanted, take: (chunk: Uint8Array) => void): Promise<string> {
  const { url, body } = answer;
  const { algorithm = 'sha256' } = wanted;
  const hash = createHash(algorithm);
  let bytes = 0;
  try {
    await eachChunk(body, (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
      take(chunk);
    });
  } catch (error) {
    throw failureOf(url, error);
  }
  for (const size of [answer.bytes, wanted.bytes ?? null]) {
    if (size === null || size === bytes) continue;
    throw new DownloadError(`size mismatch on ${url}: wanted ${size}; got ${bytes}`, true);
  }
  const digest = hash.digest('hex');
  if (wanted.digest !== null && digest !== wanted.digest) {
    throw new DownloadError(`${algorithm} mismatch on ${url}: wanted ${wanted.digest}; got ${digest}`, true);
  }
  return `${bytes} bytes, ${algorithm} ${digest}${wanted.digest === null ? '' : ', verified'}`;
}

function failureOf(url: string, error: unknown): unknown {
  if (error instanceof DownloadError || !isWorldError(error)) return error;
  return new DownloadError(`${url}: ${error.message}`, true, { cause: error });
}

async function unzipped(body: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const [{ pipeline }, { createGunzip }] = await Promise.all([import('node:stream'), import('node:zlib')]);
  // An error reaches who reads the end.
  return pipeline(body, createGunzip(), () => undefined);
}

async function follow(url: string, headers: Readonly<Record<string, string>>): Promise<HttpResponse> {
  const { host } = new URL(url);
  let at = new URL(url);
  for (let redirects = 0; redirects <= redirectLimit; redirects++) {
    // A redirect must not make us read our own disk.
    if (!['http:', 'https:'].includes(at.protocol)) throw new DownloadError(`${at.href}: no HTTP`, false);
    const sent = { 'accept-encoding': 'gzip', ...(at.host === host ? headers : {}) };
    const response = await httpGet(at, sent, idleLimit);
    const { status } = response;
    if (status === success) return response;
    response.discard();
    const location = response.header('location');
    if (status < 300 || status >= 400 || location === null) {
      // There is none, and will be none. Anything else may pass: a server is busy, a signed address has expired.
      const retry = status !== 404 && status !== 410;
      throw new DownloadError(`HTTP status ${status} for ${at.href}`, retry);
    }
    at = new URL(location, at);
  }
  throw new DownloadError(`too many redirects from ${url}`, false);
}

/** Errors of the network, the disk and zlib carry a code; our own bugs do not. */
function isWorldError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error;
}

import type { IncomingMessage } from 'node:http';
import { Readable, finished } from 'node:stream';

/** A GET's answer whose status and headers are there, and whose body comes. */
export interface HttpResponse {
  readonly status: number;
  /** null: there is none of that name (in small letters) */
  readonly header: (name: string) => string | null;
  /** the bytes as they were sent, packed or not; to be read once, fails with an error that has a code */
  readonly body: AsyncIterable<Uint8Array>;
  /** instead of reading the body */
  readonly discard: () => void;
}

/**
 * Asks for a URL; redirects are answers like others. The error of what went wrong has a code; one where nothing came for
 * so many milliseconds has `ETIMEDOUT`.
 */
export function httpGet(
  url: URL,
  headers: Readonly<Record<string, string>>,
  idleLimit: number,
): Promise<HttpResponse> {
  return process.versions['bun'] === undefined
    ? getByNode(url, headers, idleLimit)
    : getByBun(url, headers, idleLimit);
}

async function getByNode(
  url: URL,
  headers: Readonly<Record<string, string>>,
  idleLimit: number,
): Promise<HttpResponse> {
  // Loaded when needed: most tasks fetch nothing, and this takes longer than all else we do.
  const { get } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = get(url, { headers, timeout: idleLimit }, resolve);
    sent.on('timeout', () => sent.destroy(nothingCame(idleLimit)));
    sent.on('error', reject);
  });
  return {
    status: response.statusCode ?? 0,
    header: (name) => response.headers[name]?.toString() ?? null,
    body: response,
    discard: () => void response.resume(),
  };
}

/** Bun's `node:http` takes more processor time, by a half, for the same body. */
async function getByBun(
  url: URL,
  headers: Readonly<Record<string, string>>,
  idleLimit: number,
): Promise<HttpResponse> {
  const abort = new AbortController();
  const idle = setTimeout(() => abort.abort(nothingCame(idleLimit)), idleLimit);
  try {
    const init = { headers, redirect: 'manual', decompress: false, signal: abort.signal } as const;
    const response = await fetch(url, init);
    const { body } = response;
    return {
      status: response.status,
      header: (name) => response.headers.get(name),
      body: watched(body ?? [], idle),
      discard() {
        clearTimeout(idle);
        abort.abort();
      },
    };
  } catch (error) {
    clearTimeout(idle);
    throw error;
  }
}

async function* watched(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  idle: NodeJS.Timeout,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      idle.refresh();
      yield chunk;
    }
  } finally {
    clearTimeout(idle);
  }
}

function nothingCame(milliseconds: number): Error {
  return Object.assign(new Error(`nothing came for ${milliseconds / 1000} s`), { code: 'ETIMEDOUT' });
}

/** Hands the bytes of a body on as they come; `take` may not keep us waiting. Rejects with what either throws. */
export async function eachChunk(
  body: AsyncIterable<Uint8Array>,
  take: (chunk: Uint8Array) => void,
): Promise<void> {
  if (!(body instanceof Readable)) {
    for await (const chunk of body) take(chunk);
    return;
  }
  // Iterating over Node's streams takes a quarter more of processor time.
  await new Promise<void>((resolve, reject) => {
    finished(body, { writable: false }, (error) => (error ? reject(error) : resolve()));
    body.on('data', (chunk: Uint8Array) => {
      try {
        take(chunk);
      } catch (error) {
        body.destroy(error as Error);
      }
    });
  });
}

// @ts-expect-error it has no types of its own
import hawk from 'hawk';
import { QueueError } from '../queue.ts';
import type { Credentials, Deployment } from './deployment.ts';

export interface ServiceRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** from the deployment's address on: `/api/queue/v1/…` */
  readonly path: string;
  /** JSON */
  readonly body?: unknown;
}

/**
 * The answer of a service that did what it was asked, or redirects. Repeats what may go better the next time: no answer,
 * 429, 5xx. Rejects with a QueueError, whose message has the service's own words: 404 is `not-found`, 409 `conflict`,
 * other refusals are `bad-request`, all else is `unavailable`.
 */
export async function send(deployment: Deployment, request: ServiceRequest): Promise<Response> {
  const { pause = 500, attempts = 5, credentials } = deployment;
  const url = deployment.url + request.path;
  let last = '';
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, pause * 2 ** (attempt - 1)));
    const response = await sendOnce(url, request, credentials);
    if (response instanceof Error) last = reasonOf(response);
    else if (response.status < 400) return response;
    else {
      last = `${response.status} ${await wordsOf(response)}`;
      if (response.status !== 429 && response.status < 500) throw refusal(response.status, `${url}: ${last}`);
    }
  }
  throw new QueueError('unavailable', `${url}: ${last}`);
}

/** The JSON that a service answers with. */
export async function call<T>(deployment: Deployment, request: ServiceRequest): Promise<T> {
  return (await (await send(deployment, request)).json()) as T;
}

/** All pages of a service's answer. */
export async function* callPages<T extends { readonly continuationToken?: string }>(
  deployment: Deployment,
  request: ServiceRequest,
): AsyncGenerator<T> {
  for (let token: string | undefined; ; ) {
    const query = token === undefined ? '' : `?continuationToken=${encodeURIComponent(token)}`;
    const page = await call<T>(deployment, { ...request, path: request.path + query });
    yield page;
    token = page.continuationToken;
    if (token === undefined || token === '') return;
  }
}

async function sendOnce(
  url: string,
  { method, body }: ServiceRequest,
  credentials: Credentials | null,
): Promise<Response | Error> {
  try {
    return await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(credentials === null ? {} : { authorization: signature(url, method, credentials) }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    // What fetch rejects with when there is no answer: TypeError with the cause, or the time limit.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError'))
      return error;
    throw error;
  }
}

/** Signed anew for every attempt: a signature holds for one request and one minute. */
function signature(url: string, method: string, { clientId, accessToken, certificate }: Credentials): string {
  const ext =
    certificate === undefined ? {} : { ext: Buffer.from(JSON.stringify({ certificate })).toString('base64') };
  const options = { credentials: { id: clientId, key: accessToken, algorithm: 'sha256' }, ...ext };
  return (hawk as Hawk).client.header(url, method, options).header;
}

interface Hawk {
  readonly client: {
    header(url: string, method: string, options: object): { readonly header: string };
  };
}

function refusal(status: number, message: string): QueueError {
  if (status === 404) return new QueueError('not-found', message);
  return new QueueError(status === 409 ? 'conflict' : 'bad-request', message);
}

/** What the service says, without the request that it repeats. */
async function wordsOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    if (typeof message === 'string') return message.split('\n---', 1)[0]!.trim();
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  return text.slice(0, 200);
}

function reasonOf(error: Error): string {
  const { cause } = error;
  return cause instanceof Error
    ? cause.message || String((cause as NodeJS.ErrnoException).code)
    : error.message;
}

import { fail } from '../base/failure.ts';

export interface FetchedText {
  readonly text: string;
  /** lower case, without parameters; empty when there is none */
  readonly contentType: string;
}

const attempts = 3;
const timeout = 30_000;

/**
 * What is at an http(s) address; redirects are followed. Repeats what may go better the next time: no answer within 30
 * seconds, 429, 5xx. Fails with `unavailable`, and with `what` as the thing that could not be fetched.
 */
export async function fetchText(url: string, what: string): Promise<FetchedText> {
  let last = '';
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
    const answer = await ask(url);
    if (answer instanceof Error) {
      last = answer.cause instanceof Error ? answer.cause.message || answer.message : answer.message;
      continue;
    }
    if (answer.status < 400) return answer;
    last = `${answer.status} ${answer.text.slice(0, 200)}`.trimEnd();
    if (answer.status !== 429 && answer.status < 500) break;
  }
  return fail('unavailable', `${what} could not be fetched: ${url}: ${last}`);
}

async function ask(url: string): Promise<(FetchedText & { readonly status: number }) | Error> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout) });
    const type = response.headers.get('content-type') ?? '';
    return {
      status: response.status,
      text: await response.text(),
      contentType: type.split(';', 1)[0]!.trim().toLowerCase(),
    };
  } catch (error) {
    // What fetch rejects with when there is no answer: TypeError with the cause, or the time limit.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError'))
      return error;
    throw error;
  }
}

import { FailureError } from '../../base/failure.ts';
import type { IndexReader } from '../../graph/compile.ts';

export interface IndexReaderOptions {
  /** milliseconds before the first repetition, doubled for each one after it; default 500 */
  readonly pause?: number;
  /** how often a request that fails is sent in all; default 5 */
  readonly attempts?: number;
}

/** Names in one request: what the service takes. */
const batch = 1000;

/**
 * Asks the index and the queue of a Taskcluster deployment, or the proxy of a task. What they do not know is absent.
 * Fails with `unavailable` when they cannot be reached or refuse.
 */
export function indexReader(url: string, options: IndexReaderOptions = {}): IndexReader {
  const base = url.replace(/\/+$/, '');

  /** All pages of the answers to all batches. */
  async function* pages(path: string, key: string, names: readonly string[]): AsyncGenerator {
    for (let from = 0; from < names.length; from += batch) {
      let token: string | undefined;
      do {
        const query = token === undefined ? '' : `?continuationToken=${encodeURIComponent(token)}`;
        const page = await post(
          `${base}${path}${query}`,
          { [key]: names.slice(from, from + batch) },
          options,
        );
        if (page === null) break;
        yield page;
        token = page.continuationToken;
      } while (token !== undefined && token !== '');
    }
  }

  return {
    async findTasks(namespaces) {
      const found = new Map<string, string>();
      for await (const page of pages('/api/index/v1/tasks/indexes', 'indexes', namespaces)) {
        const { tasks } = page as { tasks?: readonly { namespace?: string; taskId?: string }[] };
        for (const { namespace, taskId } of tasks ?? []) {
          if (namespace !== undefined && taskId !== undefined) found.set(namespace, taskId);
        }
      }
      return found;
    },
    async statuses(taskIds) {
      const found = new Map<string, { state: string; expires: string }>();
      for await (const page of pages('/api/queue/v1/tasks/status', 'taskIds', taskIds)) {
        const { statuses } = page as {
          statuses?: readonly { taskId?: string; status?: { state: string; expires: string } }[];
        };
        for (const { taskId, status } of statuses ?? []) {
          if (taskId !== undefined && status !== undefined)
            found.set(taskId, { state: status.state, expires: status.expires });
        }
      }
      return found;
    },
  };
}

/** The deployment that the environment names: a task's proxy, else the root URL; null when it names none. */
export function environmentIndex(
  environment: Readonly<Record<string, string | undefined>>,
): IndexReader | null {
  const url = environment.TASKCLUSTER_PROXY_URL || environment.TASKCLUSTER_ROOT_URL;
  return url ? indexReader(url) : null;
}

interface Page {
  readonly continuationToken?: string;
}

/** Null for 404. Repeats what may go better the next time: no answer, 429, 5xx. */
async function post(
  url: string,
  body: unknown,
  { pause = 500, attempts = 5 }: IndexReaderOptions,
): Promise<Page | null> {
  let last = '';
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, pause * 2 ** (attempt - 1)));
    const response = await send(url, body);
    if (response instanceof Error) last = reasonOf(response);
    else if (response.ok) return (await response.json()) as Page;
    else if (response.status === 404) return null;
    else {
      last = `${response.status} ${(await response.text()).slice(0, 200)}`;
      if (response.status !== 429 && response.status < 500) break;
    }
  }
  throw new FailureError({
    kind: 'unavailable',
    message: `the index could not be asked: ${url}: ${last}`,
    hint: 'TASKCLUSTER_PROXY_URL or TASKCLUSTER_ROOT_URL says where it is; unset both to compile without an index',
  });
}

async function send(url: string, body: unknown): Promise<Response | Error> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    // What fetch rejects with when there is no answer: TypeError with the cause, or the time limit.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError'))
      return error;
    throw error;
  }
}

function reasonOf(error: Error): string {
  const { cause } = error;
  return cause instanceof Error
    ? cause.message || String((cause as NodeJS.ErrnoException).code)
    : error.message;
}

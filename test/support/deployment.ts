import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Queue, QueueError } from '../../src/queue/queue.ts';

/** A loopback Taskcluster deployment: its paths and shapes, with a queue of ours behind it. */
export interface LoopbackDeployment {
  readonly url: string;
  /** `METHOD path`, in the order in which they came */
  readonly asked: string[];
  /** the `authorization` headers that came */
  readonly authorizations: string[];
  /** what auth answers */
  scopes: readonly string[];
  close(): Promise<void>;
}

type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>];
type Handler = (
  queue: Queue,
  parts: readonly string[],
  body: never,
  query: URLSearchParams,
) => Promise<Answer>;

const statuses = { 'not-found': 404, conflict: 409, 'bad-request': 400, unavailable: 503 } as const;
const ok = (body: unknown): Answer => [200, body];

/** Longest first: the first that fits answers. Each `*` is one part, decoded. */
const routes: readonly (readonly [string, string, Handler])[] = [
  ['PUT', 'queue/v1/task/*', async (queue, [id], body) => ok({ status: await queue.createTask(id!, body) })],
  ['GET', 'queue/v1/task/*', async (queue, [id]) => ok(await queue.task(id!))],
  ['GET', 'queue/v1/task/*/status', async (queue, [id]) => ok({ status: await queue.status(id!) })],
  ['POST', 'queue/v1/task/*/cancel', async (queue, [id]) => ok({ status: await queue.cancelTask(id!) })],
  ['POST', 'queue/v1/task/*/rerun', async (queue, [id]) => ok({ status: await queue.rerunTask(id!) })],
  ['GET', 'queue/v1/task/*/artifacts/*', artifact],
  ['GET', 'queue/v1/task-group/*/list', group],
  ['POST', 'queue/v1/tasks/status', async () => ok({ statuses: [] })],
  ['POST', 'index/v1/tasks/indexes', async () => ok({ tasks: [] })],
  ['GET', 'index/v1/tasks/*', async (queue, [namespace]) => ok({ tasks: await queue.listTasks(namespace!) })],
  ['GET', 'index/v1/task/*', indexed],
  ['POST', 'purge-cache/v1/purge-cache/*', purge],
];

export async function startDeployment(queue: Queue): Promise<LoopbackDeployment> {
  const asked: string[] = [];
  const authorizations: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.headers.authorization !== undefined) authorizations.push(request.headers.authorization);
    void answer(queue, request, deployment).then(([status, body, headers]) => {
      const isBytes = body instanceof Uint8Array;
      response.writeHead(status, {
        'content-type': isBytes ? 'application/octet-stream' : 'application/json',
        ...headers,
      });
      response.end(isBytes ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const deployment: LoopbackDeployment = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    authorizations,
    scopes: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return deployment;
}

async function answer(
  queue: Queue,
  request: IncomingMessage,
  { scopes }: { scopes: readonly string[] },
): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  const path = pathname.replace(/^\/api\//, '');
  if (path === 'auth/v1/scopes/current') return ok({ scopes });
  let text = '';
  for await (const chunk of request) text += String(chunk);
  try {
    for (const [method, pattern, handle] of routes) {
      const parts = method === request.method ? matched(pattern, path) : null;
      if (parts !== null)
        return await handle(queue, parts, (text === '' ? {} : JSON.parse(text)) as never, searchParams);
    }
    if (path.startsWith('bytes/'))
      return [200, readFileSync(decodeURIComponent(path.slice('bytes/'.length)))];
    return [404, { code: 'ResourceNotFound', message: `no route ${request.method} ${path}` }];
  } catch (error) {
    if (!(error instanceof QueueError)) return [500, { message: String(error) }];
    return [statuses[error.code], { code: error.code, message: `${error.message}\n\n---\n\n* method: x` }];
  }
}

function matched(pattern: string, path: string): string[] | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  if (!wanted.every((part, i) => part === '*' || part === given[i])) return null;
  return given.filter((_, i) => wanted[i] === '*').map(decodeURIComponent);
}

async function artifact(queue: Queue, [taskId, name]: readonly string[]): Promise<Answer> {
  const url = await queue.artifactUrl(taskId!, name!);
  const location = `/api/bytes/${encodeURIComponent(fileURLToPath(url))}`;
  return [303, { storageType: 's3' }, { location }];
}

/** Two tasks a page, so that pages have to be asked for. */
async function group(
  queue: Queue,
  [taskGroupId]: readonly string[],
  _: never,
  query: URLSearchParams,
): Promise<Answer> {
  const from = Number(query.get('continuationToken') ?? 0);
  const tasks = (await queue.listTaskGroup(taskGroupId!)).map((status) => ({ status }));
  const rest = tasks.length > from + 2 ? { continuationToken: String(from + 2) } : {};
  return ok({ taskGroupId, tasks: tasks.slice(from, from + 2), ...rest });
}

async function indexed(queue: Queue, [namespace]: readonly string[]): Promise<Answer> {
  const found = await queue.findTask(namespace!);
  if (found === null) throw new QueueError('not-found', `nothing is indexed as ${namespace}`);
  return ok({ namespace, ...found, data: {}, expires: '2099-01-01T00:00:00.000Z' });
}

async function purge(
  queue: Queue,
  [taskQueueId]: readonly string[],
  body: { cacheName: string },
): Promise<Answer> {
  await queue.purgeCache(taskQueueId!, body.cacheName);
  return ok({});
}

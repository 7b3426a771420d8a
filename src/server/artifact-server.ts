import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FailureError } from '../base/failure.ts';
import { isErrno } from '../base/files.ts';
import { type Queue, QueueError } from '../queue/queue.ts';
import { sendArtifact } from './send-artifact.ts';
import { parseRoute, type Route } from './route.ts';

export interface Server {
  /** e.g. `http://127.0.0.1:40123`; Taskcluster's root URL for tasks */
  readonly url: string;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/**
 * Serves what a task reads of the queue and the index, at Taskcluster's paths; GET and HEAD only. Port 0 takes any that
 * is free. Fails as `unavailable` when the address cannot be had.
 */
export async function startServer(
  queue: Queue,
  { bind = '127.0.0.1', port = 0 }: { bind?: string; port?: number } = {},
): Promise<Server> {
  const server = createServer((request, response) => void answer(queue, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(error, bind, port)));
    server.listen(port, bind, resolve);
  });
  const { address, family, port: chosen } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${chosen}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(queue: Queue, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Artifacts are written by tasks: a browser must neither guess their type nor run them as this server's pages.
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('content-security-policy', "default-src 'none'; sandbox");
  try {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      sendProblem(request, response, 405, 'MethodNotAllowed', `${request.method} is not served here`);
      return;
    }
    await serve(queue, parseRoute(request.url ?? '/'), request, response);
  } catch (error) {
    // Half an answer cannot be taken back; the client sees the connection end before content-length is reached.
    if (response.headersSent) response.destroy();
    else if (error instanceof QueueError) sendRefusal(request, response, error);
    else sendProblem(request, response, 500, 'InternalServerError', 'internal error');
    // A bug; tasks may be running in this process, so it is shown and the server goes on.
    if (!(error instanceof QueueError)) process.emitWarning(error instanceof Error ? error : String(error));
  }
}

async function serve(
  queue: Queue,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (route.to) {
    case 'task':
      return sendJson(request, response, 200, await queue.task(route.taskId));
    case 'status':
      return sendJson(request, response, 200, { status: await queue.status(route.taskId) });
    case 'artifacts':
      return sendJson(request, response, 200, {
        artifacts: await queue.listArtifacts(route.taskId, route.runId),
      });
    case 'artifact':
      return sendArtifact(queue, route.taskId, route.name, route.runId, request, response);
    case 'namespace':
      return sendJson(request, response, 200, {
        namespace: route.namespace,
        ...(await findTask(queue, route.namespace)),
      });
    case 'namespace-artifact': {
      const { taskId } = await findTask(queue, route.namespace);
      return sendArtifact(queue, taskId, route.name, undefined, request, response);
    }
  }
}

async function findTask(queue: Queue, namespace: string): Promise<{ taskId: string; rank: number }> {
  const found = await queue.findTask(namespace);
  if (found === null) throw new QueueError('not-found', `no task is indexed as ${namespace}`);
  return found;
}

const refusals = {
  'bad-request': [400, 'InputError'],
  'not-found': [404, 'ResourceNotFound'],
  conflict: [409, 'RequestConflict'],
  unavailable: [503, 'ServiceUnavailable'],
} as const satisfies Record<QueueError['code'], readonly [number, string]>;

function sendRefusal(request: IncomingMessage, response: ServerResponse, error: QueueError): void {
  const [status, code] = refusals[error.code];
  sendProblem(request, response, status, code, error.message);
}

/** An error in the shape that Taskcluster's clients read. */
function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
): void {
  const requestInfo = { method: request.method, url: request.url, time: new Date().toISOString() };
  sendJson(request, response, status, { code, message, requestInfo });
}

function sendJson(request: IncomingMessage, response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function listenFailure(error: Error, bind: string, port: number): Error {
  if (!isErrno(error, 'EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'EAFNOSUPPORT', 'ENOTFOUND', 'EINVAL'))
    return error;
  return new FailureError(
    {
      kind: 'unavailable',
      message: `cannot listen on ${bind}:${port}: ${error.code}`,
      hint: 'choose another address',
    },
    { cause: error },
  );
}

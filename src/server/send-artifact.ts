import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { isErrno } from '../base/files.ts';
import { type Queue, QueueError } from '../queue/queue.ts';

/**
 * Streams an artifact with the type and encoding it was announced with, or redirects to where it is. The name is only
 * looked up in the queue, never made a path here. `not-found` when it is not there.
 */
export async function sendArtifact(
  queue: Queue,
  taskId: string,
  name: string,
  runId: number | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(await queue.artifactUrl(taskId, name, runId));
  if (url.protocol !== 'file:') {
    response.writeHead(303, { location: url.href, 'content-length': 0 }).end();
    return;
  }
  const artifact = (await queue.listArtifacts(taskId, runId)).find((candidate) => candidate.name === name);
  if (artifact === undefined) throw new QueueError('not-found', `no artifact ${name} of task ${taskId}`);

  await using file = await openFile(fileURLToPath(url), name);
  response.writeHead(200, {
    'content-type': artifact.contentType,
    'content-length': (await file.stat()).size,
    ...(artifact.contentEncoding === 'gzip' && { 'content-encoding': 'gzip' }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    await pipeline(file.createReadStream({ autoClose: false }), response);
  } catch (error) {
    // The client went away.
    if (!isErrno(error, 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE')) throw error;
  }
}

async function openFile(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ELOOP')) throw error;
    throw new QueueError('not-found', `artifact ${name} is not there any more`, { cause: error });
  }
}

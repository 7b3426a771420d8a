import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  linkSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { isErrno } from '../base/files.ts';
import { type Queue, QueueError } from '../queue/queue.ts';
import type { Sandbox } from './engines/engine.ts';
import { listEntries, type Opened, openBelow, openEntry, readOpened, type Refusal } from './hostile-tree.ts';
import type { ArtifactRequest } from './payload/work.ts';

const largest = 10 * 1024 * 1024 * 1024;

export interface ArtifactPlace {
  readonly queue: Queue;
  readonly taskId: string;
  readonly runId: number;
  /** the task's; an artifact lives no longer */
  readonly expires: string;
}

/** Collects what the payload names. Answers what is missing although it is not optional, for the log. */
export async function collectArtifacts(
  place: ArtifactPlace,
  sandbox: Sandbox,
  requests: readonly ArtifactRequest[],
): Promise<string[]> {
  const problems: string[] = [];
  for (const request of requests) {
    const where = sandbox.hostPath(request.path);
    const opened: Opened =
      where === null ? { ok: false, refusal: 'missing' } : openBelow(where.trusted, where.rest);
    const problem = await storeArtifact(place, request, opened);
    if (problem !== null && !request.optional) problems.push(problem);
  }
  return problems;
}

async function storeArtifact(
  place: ArtifactPlace,
  request: ArtifactRequest,
  opened: Opened,
): Promise<string | null> {
  if (!opened.ok) return refuse(place, request, request.name, opened.refusal);
  if (request.type === 'directory') {
    if (!opened.stat.isDirectory()) {
      closeSync(opened.fd);
      return refuse(place, request, request.name, 'not-a-directory');
    }
    return storeDirectory(place, request, request.name, opened.fd);
  }
  if (!opened.stat.isFile()) {
    closeSync(opened.fd);
    return refuse(place, request, request.name, 'not-a-file');
  }
  return storeFile(place, request, request.name, opened.fd, opened.stat.size);
}

/** Closes the descriptor. Links and special files in it are left out, as they cannot be artifacts. */
async function storeDirectory(
  place: ArtifactPlace,
  request: ArtifactRequest,
  prefix: string,
  directory: number,
): Promise<string | null> {
  try {
    for (const entry of listEntries(directory)) {
      const opened = openEntry(directory, entry);
      if (!opened.ok) continue;
      const name = posix.join(prefix, entry);
      const problem = opened.stat.isDirectory()
        ? await storeDirectory(place, request, name, opened.fd)
        : await storeFile(place, request, name, opened.fd, opened.stat.size);
      if (problem !== null) return problem;
    }
    return null;
  } finally {
    closeSync(directory);
  }
}

async function storeFile(
  place: ArtifactPlace,
  request: ArtifactRequest,
  name: string,
  fd: number,
  size: number,
): Promise<string | null> {
  if (size > largest) {
    closeSync(fd);
    return refuse(place, request, name, 'not-readable');
  }
  await upload(
    place,
    name,
    request.contentType ?? contentTypeOf(name),
    expiryOf(place, request),
    readOpened(fd),
  );
  return null;
}

/** Stores a log of ours that is complete; a queue on the same file system gets the file itself, not a copy. */
export async function uploadLog(place: ArtifactPlace, name: string, path: string): Promise<void> {
  const contentType = 'text/plain';
  const putUrl = await announce(place, name, contentType, place.expires);
  if (putUrl.startsWith('file:') && linkAnew(path, fileURLToPath(putUrl))) return;
  await put({ name, putUrl, contentType }, createReadStream(path));
}

/** Announces an artifact and puts its bytes where the queue says. */
export async function upload(
  place: ArtifactPlace,
  name: string,
  contentType: string,
  expires: string,
  bytes: Readable,
): Promise<void> {
  const putUrl = await announce(place, name, contentType, expires);
  await put({ name, putUrl, contentType }, bytes);
}

/** Answers where the bytes go. */
async function announce(
  { queue, taskId, runId }: ArtifactPlace,
  name: string,
  contentType: string,
  expires: string,
): Promise<string> {
  const { putUrl } = await queue.createArtifact(taskId, runId, name, {
    storageType: 's3',
    contentType,
    expires,
  });
  if (putUrl === undefined)
    throw new QueueError('unavailable', `the queue gives no place for the artifact ${name}`);
  return putUrl;
}

async function put(
  { name, putUrl, contentType }: { readonly [key in 'name' | 'putUrl' | 'contentType']: string },
  bytes: Readable,
): Promise<void> {
  if (putUrl.startsWith('file:')) return putFile(fileURLToPath(putUrl), bytes);
  const response = await fetch(putUrl, {
    method: 'PUT',
    headers: { 'content-type': contentType },
    body: Readable.toWeb(bytes) as ReadableStream,
    duplex: 'half',
  });
  if (!response.ok)
    throw new QueueError('unavailable', `the artifact ${name} was refused: ${response.status}`);
}

/** Gives a file a second name, in place of what has it; false where the file system cannot. */
function linkAnew(from: string, to: string): boolean {
  const temporary = `${to}.${process.pid}.tmp`;
  try {
    linkSync(from, temporary);
    renameSync(temporary, to);
    return true;
  } catch (error) {
    if (!isErrno(error, 'EXDEV', 'EPERM', 'EMLINK', 'EEXIST', 'ENOTSUP', 'EOPNOTSUPP')) throw error;
    return false;
  } finally {
    // Renaming one name of a file to another does nothing.
    rmSync(temporary, { force: true });
  }
}

/** A reader, and a kill, sees the whole file or none. */
async function putFile(path: string, bytes: Readable): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
    await pipeline(bytes, createWriteStream('', { fd }));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function refuse(
  place: ArtifactPlace,
  request: ArtifactRequest,
  name: string,
  refusal: Refusal,
): Promise<string> {
  const reason =
    refusal === 'missing'
      ? 'file-missing-on-worker'
      : refusal === 'not-readable'
        ? 'file-not-readable-on-worker'
        : 'invalid-resource-on-worker';
  const message = `artifact ${name}: ${request.path} is ${refusal.replaceAll('-', ' ')}`;
  const expires = expiryOf(place, request);
  await place.queue.createArtifact(place.taskId, place.runId, name, {
    storageType: 'error',
    reason,
    message,
    expires,
  });
  return message;
}

function expiryOf({ expires }: ArtifactPlace, request: ArtifactRequest): string {
  return request.expires !== null && request.expires < expires ? request.expires : expires;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.gz': 'application/gzip',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.log': 'text/plain',
  '.md': 'text/markdown',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.xml': 'application/xml',
  '.yml': 'application/yaml',
  '.zip': 'application/zip',
  '.zst': 'application/zstd',
};

function contentTypeOf(name: string): string {
  return contentTypes[posix.extname(name)] ?? 'application/octet-stream';
}

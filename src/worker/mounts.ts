import { createHash } from 'node:crypto';
import { copyFileSync, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type Queue, QueueError } from '../queue/queue.ts';
import type { Mount } from './engines/engine.ts';
import { type MountedContent, PayloadError } from './payload/work.ts';

/** Fetches the files that a payload wants in its task directory into `folder`; checks their digests. */
export async function fetchContent(
  queue: Queue,
  contents: readonly MountedContent[],
  folder: string,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const [i, { file, source, sha256 }] of contents.entries()) {
    const path = join(folder, `content-${i}`);
    if (source.kind === 'bytes') writeFileSync(path, source.bytes, { flag: 'wx', mode: 0o755 });
    else if (source.kind === 'url') await download(source.url, path);
    else await fetchArtifact(queue, source.taskId, source.artifact, path);
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
    if (sha256 !== null && digest !== sha256) {
      throw new PayloadError([`${file} has the SHA-256 ${digest}, the payload wants ${sha256}`]);
    }
    mounts.push({ source: path, target: file, readOnly: false });
  }
  return mounts;
}

async function fetchArtifact(queue: Queue, taskId: string, artifact: string, path: string): Promise<void> {
  const url = await queue.artifactUrl(taskId, artifact);
  if (url.startsWith('file:')) copyFileSync(fileURLToPath(url), path);
  else await download(url, path);
}

const patience = 60_000;

async function download(url: string, path: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(patience) });
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof DOMException)) throw error;
    throw new QueueError('unavailable', `${url} cannot be reached: ${reasonOf(error)}`);
  }
  if (!response.ok || response.body === null)
    throw new QueueError('unavailable', `${url} answered ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(path, { flags: 'wx', mode: 0o755 }));
}

/** The runtime says only "fetch failed", and why in the cause. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

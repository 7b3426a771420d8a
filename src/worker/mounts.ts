import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
    else await download(queue, source.taskId, source.artifact, path);
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
    if (sha256 !== null && digest !== sha256) {
      throw new PayloadError([`${file} has the SHA-256 ${digest}, the payload wants ${sha256}`]);
    }
    mounts.push({ source: path, target: file, readOnly: false });
  }
  return mounts;
}

async function download(queue: Queue, taskId: string, artifact: string, path: string): Promise<void> {
  const url = await queue.artifactUrl(taskId, artifact);
  if (url.startsWith('file:')) return copyFileSync(fileURLToPath(url), path);
  const response = await fetch(url);
  if (!response.ok) throw new QueueError('unavailable', `${url} answered ${response.status}`);
  writeFileSync(path, Buffer.from(await response.arrayBuffer()), { flag: 'wx' });
}

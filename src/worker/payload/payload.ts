import { readDockerWorkerPayload } from './docker-worker.ts';
import { readGenericWorkerPayload } from './generic-worker.ts';
import type { Work } from './work.ts';

/** Tells the two kinds of payload apart as Taskcluster's workers do: only docker-worker's has an image. */
export function readPayload(payload: Readonly<Record<string, unknown>>): Work {
  return 'image' in payload ? readDockerWorkerPayload(payload) : readGenericWorkerPayload(payload);
}

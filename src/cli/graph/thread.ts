import { parentPort, workerData } from 'node:worker_threads';
import { type GraphJob, runGraphJob } from './job.ts';

/** What this program does as a thread of `runGraphJobs`. */
export async function serveGraphJob(): Promise<void> {
  const { graphJob } = workerData as { graphJob: GraphJob };
  const result = await runGraphJob(graphJob);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage(result);
}

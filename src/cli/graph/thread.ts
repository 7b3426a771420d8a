import { parentPort } from 'node:worker_threads';
import { type GraphJob, runGraphJob } from './job.ts';

/** What this program does as a thread of `runGraphJobs`: one job after the other, until it is ended. */
export function serveGraphJobs(): void {
  const port = parentPort!;
  port.on('message', (job: GraphJob) => {
    // What throws here is our own fault: it ends the thread, and whoever waits for it gets it.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    void runGraphJob(job).then((result) => port.postMessage(result));
  });
}

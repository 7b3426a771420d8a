import { realpathSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type GraphJob, type GraphResult, runGraphJob } from './job.ts';

interface Lane {
  run(job: GraphJob): Promise<GraphResult>;
  close(): void;
}

/**
 * Compiles in as many threads at once as are allowed; results are promises in the order of the jobs. One job alone, and
 * one at a time, are done in this thread. A thread does several jobs: the second one runs with warm code.
 */
export function runGraphJobs(jobs: readonly GraphJob[], threads: number): Promise<GraphResult>[] {
  const count = Math.min(threads, jobs.length);
  const lanes = Array.from({ length: count }, () => (count === 1 ? here : startThread()));
  const ends: Promise<unknown>[] = lanes.map(() => Promise.resolve());
  const results = jobs.map((job, index) => {
    const lane = index % count;
    const result = ends[lane]!.then(() => lanes[lane]!.run(job));
    ends[lane] = result.catch(() => undefined); // whoever awaits the result gets the rejection
    return result;
  });
  lanes.forEach((lane, index) => void ends[index]!.then(() => lane.close()));
  return results;
}

const here: Lane = { run: runGraphJob, close: () => undefined };

/** The thread runs this same program, which sees that it is not the main one. */
function startThread(): Lane {
  const worker = new Worker(realpathSync(process.argv[1]!));
  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        worker.removeAllListeners();
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', (code) => reject(new Error(`a compiling thread ended with ${code}`)));
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(job);
      }),
    close: () => void worker.terminate(),
  };
}

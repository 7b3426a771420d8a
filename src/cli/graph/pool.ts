import { realpathSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type GraphJob, type GraphResult, runGraphJob } from './job.ts';

/**
 * Compiles in as many threads at once as are allowed; results are promises in the order of the jobs. One job alone, and
 * one at a time, are done in this thread.
 */
export function runGraphJobs(jobs: readonly GraphJob[], threads: number): Promise<GraphResult>[] {
  const count = Math.min(threads, jobs.length);
  const run = count === 1 ? runGraphJob : runInThread;
  const lanes: Promise<unknown>[] = Array.from({ length: count }, () => Promise.resolve());
  return jobs.map((job, index) => {
    const lane = index % count;
    const result = lanes[lane]!.then(() => run(job));
    lanes[lane] = result.catch(() => undefined); // whoever awaits the result gets the rejection
    return result;
  });
}

/** The thread runs this same program, which sees that it is not the main one. */
function runInThread(job: GraphJob): Promise<GraphResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(realpathSync(process.argv[1]!), { workerData: { graphJob: job } });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a compiling thread ended with ${code}`)));
  });
}

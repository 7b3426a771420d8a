import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../caches/store.ts';
import type { Claim, Queue } from '../queue/queue.ts';
import { type DiskGuard, type DiskLimits, diskGuard } from './disk-guard.ts';
import { type RunParts, runTask } from './run.ts';
import { waitOut } from './wait-out.ts';

export interface WorkerOptions extends Omit<RunParts, 'disk'> {
  /** default: see `disk-guard.ts` */
  readonly diskLimits?: Partial<DiskLimits>;
  /** runs at once */
  readonly jobs: number;
  readonly taskQueueIds: readonly string[];
  readonly taskGroupId?: string;
  readonly workerGroup: string;
  readonly workerId: string;
  /** called after each run, when everything of it is put away */
  readonly afterRun: () => Promise<void>;
  /** stops claiming and stops what runs; the queue may give it to another worker */
  readonly signal: AbortSignal;
}

/** While nothing can be claimed: how often the queues are asked. A run that ends asks at once. */
const pollMs = 100;

/** Claims and runs tasks until told to stop; returns when every run is resolved and put away. */
export async function startWorker(options: WorkerOptions): Promise<void> {
  const { signal, jobs, taskQueueIds } = options;
  const running = new Set<Promise<void>>();
  const disk = diskGuard(options.store, options.diskLimits);
  const purges = purgeWatcher(options.queue, options.store);
  while (!signal.aborted) {
    const claims: Claim[] = [];
    for (const taskQueueId of taskQueueIds) {
      const room = jobs - running.size - claims.length;
      if (room > 0) claims.push(...(await claim(options, taskQueueId, room)));
    }
    for (const taskQueueId of claims.length > 0 ? taskQueueIds : []) await purges(taskQueueId);
    for (const claimed of claims) {
      const run = runClaim(options, disk, claimed).finally(() => running.delete(run));
      running.add(run);
    }
    if (claims.length === 0) await Promise.race([...running, pause(signal)]);
    else if (running.size >= jobs) await Promise.race(running);
  }
  await Promise.all(running);
}

function claim(options: WorkerOptions, taskQueueId: string, tasks: number): Promise<readonly Claim[]> {
  const { queue, workerGroup, workerId, signal, taskGroupId } = options;
  const group = taskGroupId === undefined ? {} : { taskGroupId };
  return waitOut(() =>
    queue.claimWork(taskQueueId, { workerGroup, workerId, tasks, waitMs: 0, signal, ...group }),
  );
}

async function runClaim(options: WorkerOptions, disk: DiskGuard, claimed: Claim): Promise<void> {
  const { taskId, taskQueueId } = claimed.status;
  // Taskcluster resolves these itself; they stand for "everything before me is done".
  if (taskQueueId === 'built-in/succeed' || taskQueueId === 'built-in/fail') {
    const succeeds = taskQueueId === 'built-in/succeed';
    const report = succeeds ? 'reportCompleted' : 'reportFailed';
    await waitOut(() => options.queue[report](taskId, claimed.runId));
    const state = succeeds ? 'completed' : 'failed';
    const of = { taskId, runId: claimed.runId, label: claimed.task.metadata.name };
    options.emit({
      type: 'resolved',
      ...of,
      state,
      reason: state,
      exitCode: null,
      seconds: 0,
      retried: false,
    });
  } else {
    await runTask({ ...options, disk }, claimed, options.signal);
  }
  await options.afterRun();
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(pollMs, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Acts on purge requests before caches are leased; the cursor moves on only when all were acted upon. */
function purgeWatcher(queue: Queue, store: Store): (taskQueueId: string) => Promise<void> {
  const cursors = new Map<string, number>();
  return async (taskQueueId) => {
    const { cursor, requests } = await queue.purgeRequests(taskQueueId, cursors.get(taskQueueId) ?? 0);
    for (const { cacheName } of requests) await store.purge(cacheName, 'a purge request');
    cursors.set(taskQueueId, cursor);
  };
}

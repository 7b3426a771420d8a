import type { Emit } from '../../base/event.ts';
import type { Store } from '../../caches/store.ts';
import type { Queue } from '../../queue/queue.ts';
import type { TaskStatus } from '../../task/status.ts';
import { ociEngine } from '../../worker/engines/oci/oci.ts';
import { processEngine } from '../../worker/engines/process.ts';
import { startWorker } from '../../worker/worker.ts';
import { keepFreeOf } from '../min-free.ts';
import type { RunTaskBundle } from '../run-task-bundle.ts';
import type { Snapshot } from '../snapshot.ts';
import { taskMemory } from '../task-memory.ts';
import type { Plan } from './plan.ts';
import type { SessionRequest } from './session.ts';

/** Runs the planned tasks until none of them can go on; returns when the worker has let go of everything. */
export async function work(given: {
  readonly request: SessionRequest;
  readonly home: string;
  readonly queue: Queue;
  readonly store: Store;
  readonly bundle: RunTaskBundle;
  readonly planned: Plan;
  readonly taskGroupId: string;
  readonly rootUrl: string;
  readonly snapshot: Snapshot;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { request, queue, planned, taskGroupId, signal } = given;
  const finished = new AbortController();
  const settle = async (failed: boolean): Promise<void> => {
    const statuses = await queue.listTaskGroup(taskGroupId);
    const open = statuses.filter(({ state }) => state === 'pending' || state === 'running');
    // The first failure ends the run unless told to go on: what runs may finish, nothing else is started.
    if (failed && !request.keepGoing)
      await cancelAll(
        queue,
        open.filter(({ state }) => state === 'pending'),
      );
    const left = failed && !request.keepGoing ? open.filter(({ state }) => state === 'running') : open;
    if (left.length === 0) finished.abort();
  };
  const memory = taskMemory();
  let failed = false;
  await settle(false);
  await startWorker({
    queue,
    store: given.store,
    engines: { oci: ociEngine(), process: processEngine() },
    engine: request.engine,
    home: given.home,
    jobs: request.jobs,
    taskQueueIds: planned.taskQueueIds,
    taskGroupId,
    workerGroup: 'caisson',
    workerId: `run-${process.pid}`,
    rootUrl: given.rootUrl,
    runTask: {
      path: given.bundle.fitting,
      fetchContent: given.bundle.fetchContent.fitting,
      digest: given.bundle.digest,
    },
    network: request.network,
    ...(memory === null ? {} : { memory }),
    diskLimits: keepFreeOf(given.store),
    sandboxMounts: [{ source: given.snapshot.mirror, target: given.snapshot.mirror, readOnly: true }],
    emit: (told) => {
      // Who stops the worker ends its tasks: they are cancelled below.
      const event = told.type === 'resolved' && signal.aborted ? { ...told, retried: false } : told;
      given.emit(event);
      if (event.type === 'resolved' && event.state !== 'completed' && !event.retried) failed = true;
    },
    afterRun: () => settle(failed),
    signal: AbortSignal.any([signal, finished.signal]),
  });
  await cancelAll(queue, (await queue.listTaskGroup(taskGroupId)).filter(isOpen));
}

function isOpen({ state }: TaskStatus): boolean {
  return state === 'pending' || state === 'running' || state === 'unscheduled';
}

async function cancelAll(queue: Queue, statuses: readonly TaskStatus[]): Promise<void> {
  for (const { taskId } of statuses) await queue.cancelTask(taskId);
}

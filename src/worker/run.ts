import { join } from 'node:path';
import type { Emit, OfRun } from '../base/event.ts';
import { FailureError } from '../base/failure.ts';
import { isDiskFull } from '../base/files.ts';
import { unreachable } from '../base/result.ts';
import type { Store } from '../caches/store.ts';
import { type Claim, type Queue, QueueError } from '../queue/queue.ts';
import type { TaskStatus } from '../task/status.ts';
import { collectArtifacts, uploadLog } from './artifacts.ts';
import { chooseEngine, type EngineChoice, type Engines } from './choose-engine.ts';
import { Cleanup } from './cleanup.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { Exit, Mount } from './engines/engine.ts';
import { layOut, requestOf } from './layout.ts';
import { checkCaches, leaseCaches, returnCaches, traitsOf, useOf, writtenBy } from './leases.ts';
import { fetchContent } from './mounts.ts';
import { readPayload } from './payload/payload.ts';
import { PayloadError } from './payload/work.ts';
import { keepClaim } from './reclaimer.ts';
import { type CacheVerdict, cacheVerdictOf, type StopReason, type Verdict, verdictOf } from './resolution.ts';
import { clearScratch, makeScratch, removeScratch } from './scratch.ts';
import { TaskLog } from './task-log.ts';
import { waitOut } from './wait-out.ts';

/** What every run of a worker has in common. */
export interface RunParts {
  readonly queue: Queue;
  readonly store: Store;
  readonly engines: Engines;
  readonly engine: EngineChoice;
  readonly home: string;
  readonly rootUrl: string;
  readonly runTask: { readonly path: string; readonly fetchContent?: string; readonly digest: string };
  readonly network: 'host' | 'none';
  /** bytes that the processes of one task may use together, where that can be limited; default: as many as there are */
  readonly memory?: number;
  /** given to every sandbox */
  readonly sandboxMounts: readonly Mount[];
  readonly disk: DiskGuard;
  readonly emit: Emit;
}

/** One run of a task, from claim to resolution. Rejects only for bugs, after the run has been resolved. */
export async function runTask(parts: RunParts, claim: Claim, stopping: AbortSignal): Promise<void> {
  const of: OfRun = { taskId: claim.status.taskId, runId: claim.runId, label: claim.task.metadata.name };
  const started = performance.now();
  parts.emit({ type: 'claimed', ...of });
  await using cleanup = new Cleanup();
  const stop = watchForStop(parts.queue, claim, stopping, cleanup);
  const scratch = makeScratch(parts.home, `${of.taskId}-${of.runId}`);
  cleanup.defer(() => removeScratch(scratch));
  const log = new TaskLog(join(scratch, 'task.log'), (line) => parts.emit({ type: 'log', line, ...of }));

  let bug: unknown;
  const done = await execute(parts, claim, of, { scratch, log, stop }).catch((error: unknown): Done => {
    const verdict = verdictOfError(error);
    if (verdict === null) bug = error;
    for (const reason of reasonsOf(error)) log.say(reason);
    return {
      verdict: verdict ?? { state: 'exception', reason: 'internal-error' },
      exit: null,
      logNames: ['public/logs/live.log'],
    };
  });
  log.close();
  // What comes now needs room, and may be all that does.
  if (stop.reason === 'disk-full') await clearScratch(scratch, log.path);
  const status = await resolve(parts.queue, claim, of, done, log);
  const verdict = done.verdict;
  parts.emit({
    type: 'resolved',
    ...of,
    state: verdict.state === 'lost' ? 'exception' : verdict.state,
    reason: 'reason' in verdict ? verdict.reason : verdict.state,
    exitCode: done.exit?.kind === 'exited' ? done.exit.code : null,
    seconds: (performance.now() - started) / 1000,
    retried: status !== null && status.runs.length > of.runId + 1,
  });
  if (bug !== undefined) throw bug;
}

interface Done {
  readonly verdict: Verdict;
  readonly exit: Exit | null;
  readonly logNames: readonly string[];
}

interface Stop {
  readonly signal: AbortSignal;
  reason: StopReason | null;
  because(reason: StopReason): void;
}

function watchForStop(queue: Queue, claim: Claim, stopping: AbortSignal, cleanup: Cleanup): Stop {
  const controller = new AbortController();
  const stop: Stop = {
    signal: controller.signal,
    reason: null,
    because(reason) {
      stop.reason ??= reason;
      controller.abort();
    },
  };
  const shutdown = (): void => stop.because('shutdown');
  stopping.addEventListener('abort', shutdown);
  cleanup.defer(() => stopping.removeEventListener('abort', shutdown));
  const kept = keepClaim(queue, claim, (why) => stop.because(why));
  cleanup.defer(() => kept.stop());
  if (stopping.aborted) shutdown();
  return stop;
}

async function execute(
  parts: RunParts,
  claim: Claim,
  of: OfRun,
  { scratch, log, stop }: { readonly scratch: string; readonly log: TaskLog; readonly stop: Stop },
): Promise<Done> {
  const { queue, store, emit } = parts;
  const work = readPayload(claim.task.payload);
  checkCaches(claim.task, work, parts.runTask.digest);
  const { engine, note } = await chooseEngine(parts.engines, parts.engine, work);
  if (note !== null) emit({ type: 'note', level: 'info', message: note, ...of });
  for (const remark of work.remarks) log.say(remark);
  const content = await fetchContent(queue, work.content, scratch);
  await parts.disk.makeRoom(work.caches.map(({ name }) => name));
  const traits = traitsOf(engine, work, store.root);
  const held = await leaseCaches(store, claim.task, { taskId: of.taskId, runId: of.runId }, work, traits);
  for (const cache of held) {
    const use = useOf(cache);
    emit({ type: 'cache', ...of, ...use });
    log.say(
      `cache ${use.mountPoint}: ${use.state}${use.why === null ? `, generation ${use.generation}` : `: ${use.why}`}`,
    );
  }
  let caches: CacheVerdict = { kind: 'roll-back', why: 'the task could not be started' };
  let succeeded = false;
  let unwatch = (): void => undefined;
  try {
    const layout = layOut({
      engine: engine.name,
      work,
      held,
      content,
      extra: parts.sandboxMounts,
      programs: [parts.runTask.path, parts.runTask.fetchContent],
      folder: scratch,
    });
    const env = environmentOf(parts, claim);
    const request = requestOf(layout, work, {
      id: `${of.taskId}-${of.runId}`,
      scratch: join(scratch, 'sandbox'),
      network: parts.network,
      ...(parts.memory === undefined ? {} : { memory: parts.memory }),
      env,
    });
    await using sandbox = await engine.prepare(request);
    if (!sandbox.limitsMemory)
      log.say('the memory of this task is not limited: no control group that does can be made');
    let isRunning = true;
    unwatch = parts.disk.watch({
      folders: [scratch, ...writtenBy(held)],
      stop(why) {
        if (isRunning) log.say(why);
        stop.because('disk-full');
      },
    });
    const timer = setTimeout(() => stop.because('max-run-time'), work.maxRunTime * 1000);
    const exit = await sandbox.execute((chunk) => log.write(chunk), stop.signal);
    clearTimeout(timer);
    isRunning = false;
    const memoryKills = sandbox.memoryKills();
    const ending = { exit, stopped: stop.reason, memoryKills, onExitStatus: work.onExitStatus };
    caches = cacheVerdictOf(ending);
    let verdict = verdictOf(ending);
    if (memoryKills > 0) log.say(describeKills(memoryKills, parts.memory));
    log.say(describeEnd(exit, stop.reason));
    const isResolvable = verdict.state === 'completed' || verdict.state === 'failed';
    if (isResolvable && stop.reason !== 'disk-full') {
      const requests = work.artifacts.map((request) => ({ ...request, path: layout.inside(request.path) }));
      const place = { queue, taskId: of.taskId, runId: of.runId, expires: claim.task.expires };
      const problems = await collectArtifacts(place, sandbox, requests);
      for (const problem of problems) log.say(problem);
      if (problems.length > 0) verdict = { state: 'failed' };
    }
    succeeded = verdict.state === 'completed';
    return { verdict, exit, logNames: work.logNames };
  } finally {
    try {
      for (const note of await returnCaches(held, caches, succeeded)) log.say(note);
    } finally {
      unwatch();
    }
  }
}

function environmentOf({ rootUrl }: RunParts, { status, runId, task }: Claim): Record<string, string> {
  return {
    TASK_ID: status.taskId,
    RUN_ID: String(runId),
    TASK_GROUP_ID: task.taskGroupId,
    TASKCLUSTER_ROOT_URL: rootUrl,
    TASKCLUSTER_PROXY_URL: rootUrl,
    TASKCLUSTER_WORKER_LOCATION: '{"cloud":"local"}',
    TASKCLUSTER_INSTANCE_TYPE: 'local',
  };
}

function describeEnd(exit: Exit, stopped: StopReason | null): string {
  if (stopped !== null) return `stopped: ${stopped}`;
  if (exit.kind === 'exited') return `exit code ${exit.code}`;
  if (exit.kind === 'signalled') return `killed by ${exit.signal}`;
  return exit.kind === 'engine-failed' ? exit.failure.message : 'stopped';
}

function describeKills(count: number, limit: number | undefined): string {
  const processes = `${count} ${count === 1 ? 'process' : 'processes'} of the task`;
  const allowed = limit === undefined ? '' : `; together they may use ${Math.round(limit / 1e6)} MB`;
  return `out of memory: the kernel killed ${processes}${allowed}`;
}

/** Stores the log and tells the queue; null when the run is no longer ours. */
async function resolve(
  queue: Queue,
  claim: Claim,
  of: OfRun,
  done: Done,
  log: TaskLog,
): Promise<TaskStatus | null> {
  const { verdict } = done;
  if (verdict.state === 'lost') return null;
  const place = { queue, taskId: of.taskId, runId: of.runId, expires: claim.task.expires };
  try {
    for (const name of done.logNames) await waitOut(() => uploadLog(place, name, log.path));
    return await waitOut(() => report(queue, of, verdict));
  } catch (error) {
    if (error instanceof QueueError && error.code === 'conflict') return null;
    throw error;
  }
}

function report(
  queue: Queue,
  { taskId, runId }: OfRun,
  verdict: Exclude<Verdict, { readonly state: 'lost' }>,
): Promise<TaskStatus> {
  switch (verdict.state) {
    case 'completed':
      return queue.reportCompleted(taskId, runId);
    case 'failed':
      return queue.reportFailed(taskId, runId);
    case 'exception':
      return queue.reportException(taskId, runId, verdict.reason);
    default:
      return unreachable(verdict);
  }
}

function verdictOfError(error: unknown): Verdict | null {
  if (error instanceof PayloadError) return { state: 'exception', reason: 'malformed-payload' };
  if (error instanceof FailureError) return { state: 'exception', reason: 'resource-unavailable' };
  if (error instanceof QueueError || isDiskFull(error))
    return { state: 'exception', reason: 'resource-unavailable' };
  return null;
}

function reasonsOf(error: unknown): readonly string[] {
  if (error instanceof PayloadError) return error.reasons;
  if (error instanceof FailureError) {
    const { message, hint } = error.failure;
    return hint === undefined ? [message] : [message, `hint: ${hint}`];
  }
  return [error instanceof Error ? error.message : String(error)];
}

import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { Emit } from '../../base/event.ts';
import { fail } from '../../base/failure.ts';
import { isErrno } from '../../base/files.ts';
import { slugid } from '../../base/slugid.ts';
import { openStore } from '../../caches/open-store.ts';
import type { Store } from '../../caches/store.ts';
import { compile, type Compilation } from '../../graph/compile.ts';
import { type EmbeddedQueue, openEmbeddedQueue } from '../../queue/embedded/embedded-queue.ts';
import { QueueError } from '../../queue/queue.ts';
import { startServer } from '../../server/artifact-server.ts';
import type { TaskStatus } from '../../task/status.ts';
import { tellWarnings } from '../compilation.ts';
import { loadParameters } from '../load-parameters.ts';
import { locateRepository } from '../repository.ts';
import { type RunTaskBundle, runTaskBundle } from '../run-task-bundle.ts';
import { type Snapshot, takeSnapshot } from '../snapshot.ts';
import { recordDecision } from './decision.ts';
import { abandonedGroups, markGroup, unmarkGroup } from './groups.ts';
import type { TaskOutcome } from './outcome.ts';
import { plan, type Plan } from './plan.ts';
import { queueIndex } from './queue-index.ts';
import { work } from './work.ts';

export type EngineChoice = 'auto' | 'oci' | 'process';

export interface SessionRequest {
  readonly root: string;
  readonly parameters?: string;
  readonly labels: readonly string[];
  readonly engine: EngineChoice;
  readonly network: 'host' | 'none';
  readonly jobs: number;
  readonly dependencies: boolean;
  readonly keepGoing: boolean;
  readonly fresh: boolean;
  readonly headOnly: boolean;
  readonly rehearse: boolean;
}

export interface Session {
  /** how many tasks will run */
  readonly total: number;
  /** what a person should know before it starts */
  readonly notes: readonly string[];
  run(emit: Emit, outcomeOf: OutcomeOf): Promise<readonly TaskOutcome[]>;
  close(): Promise<void>;
}

export type OutcomeOf = (label: string, status: TaskStatus, blockedBy: string | null) => TaskOutcome;

/** Opens the state in `home`, compiles the repository and plans its tasks; nothing is executed yet. */
export async function openSession(
  request: SessionRequest,
  home: string,
  signal: AbortSignal,
): Promise<Session> {
  const repository = locateRepository(request.root, process.cwd());
  const bundle = runTaskBundle();
  const snapshot = takeSnapshot(repository.top, home, { headOnly: request.headOnly });
  const queue = await openEmbeddedQueue({ home });
  const server = await startServer(queue, { bind: '127.0.0.1', port: 0 });
  const close = async (): Promise<void> => {
    await server.close();
    await queue.close();
  };
  try {
    const store = await openStore(join(home, 'caches'));
    const notes = [...(await cleanUp(queue, store, home)), sourceNote(snapshot)];
    const taskGroupId = slugid();
    const compilation = await compileSnapshot({
      request,
      repository,
      snapshot,
      bundle,
      queue,
      taskGroupId,
      rootUrl: server.url,
    });
    tellWarnings(compilation);
    const planned = plan(compilation, { request, taskGroupId, now: systemClock.now() });
    return {
      total: planned.tasks.length,
      notes,
      close,
      async run(emit, outcomeOf) {
        markGroup(home, taskGroupId);
        const programs = { 'run-task': bundle.path, 'fetch-content': bundle.fetchContent.path };
        await recordDecision(queue, taskGroupId, programs, systemClock.now());
        for (const { taskId, definition } of planned.tasks) await queue.createTask(taskId, definition);
        await work({
          request,
          home,
          queue,
          store,
          bundle,
          planned,
          taskGroupId,
          rootUrl: server.url,
          snapshot,
          emit,
          signal,
        });
        const results = await gather(queue, planned, outcomeOf);
        await store.drain();
        unmarkGroup(home, taskGroupId);
        return results;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Finishes or undoes what a killed `caisson run` left: its tasks, caches and files. */
async function cleanUp(queue: EmbeddedQueue, store: Store, home: string): Promise<string[]> {
  for (const taskGroupId of abandonedGroups(home)) {
    for (const status of await tasksOf(queue, taskGroupId)) {
      if (!isResolved(status)) await queue.cancelTask(status.taskId);
    }
    unmarkGroup(home, taskGroupId);
  }
  const { reconcileScratch } = await import('../../worker/scratch.ts');
  return [...(await reconcileScratch(home)), ...(await store.reconcile())];
}

/** None when it was cut off before its first task was created, or a power loss has taken them. */
async function tasksOf(queue: EmbeddedQueue, taskGroupId: string): Promise<readonly TaskStatus[]> {
  try {
    return await queue.listTaskGroup(taskGroupId);
  } catch (error) {
    if (error instanceof QueueError && error.code === 'not-found') return [];
    throw error;
  }
}

function isResolved({ state }: TaskStatus): boolean {
  return state === 'completed' || state === 'failed' || state === 'exception';
}

function sourceNote({ dirty, revision, branch }: Snapshot): string {
  const what = dirty ? 'the files as they are, uncommitted work included' : 'HEAD, nothing is uncommitted';
  return `source: ${what} (${revision.slice(0, 12)} on ${branch})`;
}

async function compileSnapshot(given: {
  readonly request: SessionRequest;
  readonly repository: { readonly top: string; readonly root: string };
  readonly snapshot: Snapshot;
  readonly bundle: RunTaskBundle;
  readonly queue: EmbeddedQueue;
  readonly taskGroupId: string;
  readonly rootUrl: string;
}): Promise<Compilation> {
  const { request, repository, snapshot, bundle, queue, taskGroupId, rootUrl } = given;
  const url = `file://${snapshot.mirror}`;
  const source = {
    base_repository: url,
    head_repository: url,
    head_ref: snapshot.branch,
    head_rev: snapshot.revision,
    base_rev: snapshot.head ?? snapshot.revision,
    base_ref: snapshot.branch,
    head_tag: '',
    repository_type: 'git',
  };
  // A developer's machine is level 1, whatever the level that a release would have.
  const overrides = request.parameters === undefined ? { ...source, level: '1' } : source;
  try {
    return await compile(
      {
        root: repository.root,
        repository: repository.top,
        parameters: await loadParameters(repository, request.parameters ?? null, overrides),
        wrapper: bundle.digests,
        rootUrl,
        index: request.fresh ? null : queueIndex(queue),
        decisionTaskId: taskGroupId,
        ...(request.labels.length === 0 ? {} : { targets: request.labels }),
      },
      'optimized',
    );
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES')) fail('configuration', error.message);
    throw error;
  }
}

async function gather(queue: EmbeddedQueue, planned: Plan, outcomeOf: OutcomeOf): Promise<TaskOutcome[]> {
  const outcomes: TaskOutcome[] = [...planned.skipped];
  for (const { taskId, label, definition } of planned.tasks) {
    const status = await queue.status(taskId);
    const bad: string[] = [];
    if (status.runs.every((run) => run.started === undefined)) {
      for (const dependency of definition.dependencies) {
        const { state } = await queue.status(dependency);
        if (state !== 'completed') bad.push(planned.labelOf.get(dependency) ?? dependency);
      }
    }
    outcomes.push(outcomeOf(label, status, bad.length > 0 ? `${bad.join(', ')} did not complete` : null));
  }
  return outcomes;
}

import { join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { FailureError } from '../../base/failure.ts';
import { ensureDirectory, isErrno } from '../../base/files.ts';
import type { TaskDefinition } from '../../task/definition.ts';
import { reportableReasons, type TaskState, type TaskStatus } from '../../task/status.ts';
import { type Queue, QueueError } from '../queue.ts';
import { createArtifact, findArtifact, listArtifacts, prepareUpload } from './artifacts.ts';
import { checkClaimRequest, claimTasks, isAnythingPending, renewClaim } from './claim.ts';
import { pollPending, Waiters } from './claim-poll.ts';
import { createTask } from './create.ts';
import { openDatabase, type QueueDatabase } from './database.ts';
import { expireOverdue, isAnythingOverdue } from './expire.ts';
import { findTask, insertNamespace, listNamespaces } from './namespaces.ts';
import { addPurgeRequest, listPurgeRequests } from './purge.ts';
import { removeExpired } from './remove-expired.ts';
import { cancelTask, reportRun, rerunTask } from './resolve.ts';
import { countTasks, groupStatus, taskDefinition, taskStatus } from './status.ts';
import { startUpkeep } from './upkeep.ts';

/** The queue on one machine: `$CAISSON_HOME/queue/queue.db` and `$CAISSON_HOME/artifacts`, for several processes. */
export interface EmbeddedQueue extends Queue {
  /** Creates all or none, in one transaction; what a task depends on comes before it in the list or is there. */
  createTasks(tasks: readonly NewTask[]): Promise<readonly TaskStatus[]>;
  /** How many tasks of a group are in each state; all 0 when there is no such group. */
  countTasks(taskGroupId: string): Promise<Readonly<Record<TaskState, number>>>;
  /** How many tasks of a group wait for a worker. */
  pendingTasks(taskGroupId: string): Promise<number>;
  /** Resolves what is past its deadline or whose claim ran out. claimWork and a timer do so too. */
  expire(): Promise<void>;
  /** Deletes expired tasks, their files, and files that nobody announced. A timer does so too. */
  removeExpired(): Promise<void>;
  /** Waiting claimWork calls answer with nothing; everything that is called later is `unavailable`. */
  close(): Promise<void>;
}

export interface NewTask {
  readonly taskId: string;
  readonly definition: TaskDefinition;
}

export interface EmbeddedQueueOptions {
  /** `$CAISSON_HOME`; made when it is not there */
  readonly home: string;
  readonly clock?: Clock;
  /** how long a claim lasts unless it is renewed */
  readonly claimSeconds?: number;
  /** every change survives a power loss, at the price of one fsync each; without it the newest ones may not */
  readonly durable?: boolean;
}

/** Fails as `unavailable`, with the path and a hint, when the folder or the database in it cannot be used. */
export async function openEmbeddedQueue(options: EmbeddedQueueOptions): Promise<EmbeddedQueue> {
  const { home, clock = systemClock, claimSeconds = 1200, durable = false } = options;
  const folder = join(home, 'queue');
  makeFolder(folder);
  const db = await openDatabase(join(folder, 'queue.db'), durable);
  return new SqliteQueue(db, home, clock, claimSeconds * 1000);
}

class SqliteQueue implements EmbeddedQueue {
  readonly #db: QueueDatabase;
  readonly #home: string;
  readonly #clock: Clock;
  readonly #claimMs: number;
  readonly #waiters = new Waiters();
  readonly #upkeep: { stop(): Promise<void> };

  constructor(db: QueueDatabase, home: string, clock: Clock, claimMs: number) {
    this.#db = db;
    this.#home = home;
    this.#clock = clock;
    this.#claimMs = claimMs;
    this.#upkeep = startUpkeep({ expire: () => this.expire(), removeExpired: () => this.removeExpired() });
  }

  async createTask(taskId: string, definition: TaskDefinition) {
    return this.#change((now) => createTask(this.#db, now, taskId, definition));
  }

  async createTasks(tasks: readonly NewTask[]) {
    return this.#change((now) =>
      tasks.map(({ taskId, definition }) => createTask(this.#db, now, taskId, definition)),
    );
  }

  async task(taskId: string) {
    return this.#db.read(() => taskDefinition(this.#db, taskId));
  }

  async status(taskId: string) {
    return this.#db.read(() => taskStatus(this.#db, taskId));
  }

  async listTaskGroup(taskGroupId: string) {
    return this.#db.read(() => groupStatus(this.#db, taskGroupId));
  }

  async countTasks(taskGroupId: string) {
    return this.#db.read(() => countTasks(this.#db, taskGroupId));
  }

  async pendingTasks(taskGroupId: string) {
    return (await this.countTasks(taskGroupId)).pending;
  }

  async cancelTask(taskId: string) {
    return this.#change((now) => cancelTask(this.#db, now, taskId));
  }

  async rerunTask(taskId: string) {
    return this.#change((now) => rerunTask(this.#db, now, taskId));
  }

  async claimWork(taskQueueId: string, request: Parameters<Queue['claimWork']>[1]) {
    checkClaimRequest(request);
    return pollPending(this.#waiters, request, () => {
      this.#expire();
      if (!this.#db.read(() => isAnythingPending(this.#db, taskQueueId, request.taskGroupId))) return [];
      return this.#db.write(() => {
        const now = this.#clock.now();
        return claimTasks(this.#db, now, now + this.#claimMs, taskQueueId, request);
      });
    });
  }

  async reclaimTask(taskId: string, runId: number) {
    return this.#db.write(() => {
      const now = this.#clock.now();
      return renewClaim(this.#db, now, now + this.#claimMs, taskId, runId);
    });
  }

  async reportCompleted(taskId: string, runId: number) {
    return this.#change((now) => reportRun(this.#db, now, taskId, runId, 'completed', 'completed'));
  }

  async reportFailed(taskId: string, runId: number) {
    return this.#change((now) => reportRun(this.#db, now, taskId, runId, 'failed', 'failed'));
  }

  async reportException(taskId: string, runId: number, reason: Parameters<Queue['reportException']>[2]) {
    if (!reportableReasons.includes(reason)) {
      throw new QueueError('bad-request', `a worker cannot report ${reason}`);
    }
    return this.#change((now) => reportRun(this.#db, now, taskId, runId, 'exception', reason));
  }

  async createArtifact(
    taskId: string,
    runId: number,
    name: string,
    artifact: Parameters<Queue['createArtifact']>[3],
  ) {
    this.#db.write(() => createArtifact(this.#db, taskId, runId, name, artifact));
    if (artifact.storageType === 'error') return { storageType: 'error' } as const;
    return prepareUpload(this.#home, taskId, runId, name);
  }

  async listArtifacts(taskId: string, runId?: number) {
    return this.#db.read(() => listArtifacts(this.#db, this.#clock.now(), taskId, runId));
  }

  async artifactUrl(taskId: string, name: string, runId?: number) {
    return this.#db.read(() => findArtifact(this.#db, this.#clock.now(), this.#home, taskId, name, runId));
  }

  async findTask(namespace: string) {
    return this.#db.read(() => findTask(this.#db, this.#clock.now(), namespace));
  }

  async insertTask(namespace: string, entry: Parameters<Queue['insertTask']>[1]) {
    this.#change((now) => insertNamespace(this.#db, now, namespace, entry));
  }

  async listTasks(namespace: string) {
    return this.#db.read(() => listNamespaces(this.#db, this.#clock.now(), namespace));
  }

  async purgeCache(taskQueueId: string, cacheName: string) {
    this.#change((now) => addPurgeRequest(this.#db, now, taskQueueId, cacheName));
  }

  async purgeRequests(taskQueueId: string, since: number) {
    return this.#db.read(() => listPurgeRequests(this.#db, taskQueueId, since));
  }

  async expire() {
    this.#expire();
  }

  async removeExpired() {
    await removeExpired(this.#db, this.#clock.now(), this.#home);
  }

  async close() {
    this.#waiters.close();
    await this.#upkeep.stop();
    this.#db.close();
  }

  #expire(): void {
    const now = this.#clock.now();
    if (!this.#db.read(() => isAnythingOverdue(this.#db, now))) return;
    this.#change(() => expireOverdue(this.#db, now));
  }

  /** A transaction that may make tasks pending; the time is read once the lock is held. */
  #change<T>(act: (now: number) => T): T {
    const result = this.#db.write(() => act(this.#clock.now()));
    this.#waiters.wake();
    return result;
  }
}

function makeFolder(folder: string): void {
  try {
    ensureDirectory(folder);
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'EIO'))
      throw error;
    throw new FailureError(
      {
        kind: 'unavailable',
        message: `cannot make the folder ${folder}: ${error.code}`,
        hint: 'set CAISSON_HOME to a folder on a local disk that you may write to',
      },
      { cause: error },
    );
  }
}

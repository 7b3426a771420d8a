import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event } from '../../src/base/event.ts';
import { slugid } from '../../src/base/slugid.ts';
import { openStore } from '../../src/caches/open-store.ts';
import type { BackEnd, Store } from '../../src/caches/store.ts';
import { type EmbeddedQueue, openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import type { TaskDefinition } from '../../src/task/definition.ts';
import type { TaskStatus } from '../../src/task/status.ts';
import type { EngineChoice } from '../../src/worker/choose-engine.ts';
import type { DiskLimits } from '../../src/worker/disk-guard.ts';
import type { Mount } from '../../src/worker/engines/engine.ts';
import { ociEngine } from '../../src/worker/engines/oci/oci.ts';
import { processEngine } from '../../src/worker/engines/process.ts';
import { startWorker } from '../../src/worker/worker.ts';
import { root } from '../support/caisson.ts';

const hour = 3600 * 1000;

export interface RigOptions {
  /** a home that another rig made, and leaves to it to remove; default: a new one */
  readonly home?: string;
  readonly taskGroupId?: string;
  readonly backEnd?: BackEnd;
  readonly claimSeconds?: number;
  /** bytes that a task may use */
  readonly memory?: number;
  /** given to every sandbox */
  readonly mounts?: readonly Mount[];
  readonly tell?: (event: Event) => void;
  /** called with the home before anything is in it */
  readonly prepare?: (home: string) => void;
}

/** A worker on real parts in a temporary home. */
export class WorkerRig implements AsyncDisposable {
  readonly home: string;
  readonly taskGroupId: string;
  readonly events: Event[] = [];
  readonly stopping = new AbortController();
  queue!: EmbeddedQueue;
  store!: Store;
  readonly #isOwn: boolean;
  readonly #tell: (event: Event) => void;
  readonly #memory: { readonly memory?: number };
  readonly #mounts: readonly Mount[];

  private constructor({ home, taskGroupId, memory, mounts = [], tell = () => undefined }: RigOptions) {
    this.#tell = tell;
    this.#mounts = mounts;
    this.#memory = memory === undefined ? {} : { memory };
    this.home = home ?? mkdtempSync(join(tmpdir(), 'caisson-worker-'));
    this.#isOwn = home === undefined;
    this.taskGroupId = taskGroupId ?? slugid();
  }

  static async open(options: RigOptions = {}): Promise<WorkerRig> {
    const rig = new WorkerRig(options);
    const { backEnd, claimSeconds } = options;
    options.prepare?.(rig.home);
    rig.queue = await openEmbeddedQueue({
      home: rig.home,
      ...(claimSeconds === undefined ? {} : { claimSeconds }),
    });
    rig.store = await openStore(join(rig.home, 'caches'), backEnd === undefined ? {} : { backEnd });
    return rig;
  }

  async create(payload: Record<string, unknown>, rest: Partial<TaskDefinition> = {}): Promise<string> {
    const taskId = slugid();
    const now = Date.now();
    const caches = Object.keys(payload['cache'] ?? {});
    await this.queue.createTask(taskId, {
      taskQueueId: 'local/linux',
      schedulerId: 'test',
      taskGroupId: this.taskGroupId,
      dependencies: [],
      requires: 'all-completed',
      routes: [],
      priority: 'low',
      retries: 2,
      created: new Date(now).toISOString(),
      deadline: new Date(now + hour).toISOString(),
      expires: new Date(now + 2 * hour).toISOString(),
      scopes: caches.map((name) => `docker-worker:cache:${name}`),
      payload: { image: 'debian:12', maxRunTime: 60, ...payload },
      metadata: { name: 'work', description: '', owner: 'a@localhost', source: 'file:///' },
      tags: {},
      extra: {},
      ...rest,
    });
    return taskId;
  }

  /** Works until every task of the group is resolved, or the rig is stopped. */
  async work(jobs = 1, engine: EngineChoice = 'auto', diskLimits?: Partial<DiskLimits>): Promise<void> {
    const done = new AbortController();
    const settle = async (): Promise<void> => {
      const { pending, running } = await this.queue.countTasks(this.taskGroupId);
      if (pending + running === 0) done.abort();
    };
    await settle();
    await startWorker({
      queue: this.queue,
      store: this.store,
      engines: { oci: ociEngine(), process: processEngine() },
      engine,
      ...(diskLimits === undefined ? {} : { diskLimits }),
      home: this.home,
      jobs,
      taskQueueIds: ['local/linux'],
      taskGroupId: this.taskGroupId,
      workerGroup: 'test',
      workerId: 'test',
      rootUrl: 'http://127.0.0.1:1',
      runTask: { path: join(root, 'dist/run-task.mjs'), digest: 'a'.repeat(64) },
      network: 'host',
      ...this.#memory,
      sandboxMounts: this.#mounts,
      emit: (event) => {
        this.events.push(event);
        this.#tell(event);
      },
      afterRun: settle,
      signal: AbortSignal.any([this.stopping.signal, done.signal]),
    });
    await this.store.drain();
  }

  status(taskId: string): Promise<TaskStatus> {
    return this.queue.status(taskId);
  }

  get log(): string[] {
    return this.events.flatMap((event) => (event.type === 'log' ? [event.line] : []));
  }

  get uses(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'cache' ? [event.why ?? `generation ${event.generation}`] : [],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue.close();
    if (this.#isOwn) rmSync(this.home, { recursive: true, force: true });
  }
}

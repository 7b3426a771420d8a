import { priorities, type Priority } from '../../src/task/definition.ts';
import type { ReportableReason, ResolvedReason, RunStatus, TaskState } from '../../src/task/status.ts';

/** What a queue answers: nothing to complain about, or its refusal. */
export type Answer = 'ok' | 'conflict' | 'not-found';
export type Report = 'completed' | 'failed' | ReportableReason;

interface ModelRun {
  state: RunStatus['state'];
  created: RunStatus['reasonCreated'];
  resolved?: ResolvedReason;
  takenUntil: number;
}

interface ModelTask {
  readonly index: number;
  readonly requires: 'all-completed' | 'all-resolved';
  readonly priority: number;
  readonly retries: number;
  readonly deadline: number;
  readonly waitsFor: Set<number>;
  retriesLeft: number;
  readonly runs: ModelRun[];
}

const claimMs = 20 * 60_000;

/** The rules of the queue, as plainly as they can be said; tasks are numbered in the order of their creation. */
export class QueueModel {
  now = Date.parse('2026-01-01T00:00:00.000Z');
  readonly tasks: ModelTask[] = [];
  #pending: number[] = [];

  create(
    task: Pick<ModelTask, 'requires' | 'retries'> & { priority: Priority; deadline: number; needs: number[] },
  ) {
    const index = this.tasks.length;
    const waitsFor = new Set(task.needs.filter((other) => !this.#satisfies(other, task.requires)));
    this.tasks.push({
      index,
      requires: task.requires,
      priority: priorities.indexOf(task.priority),
      retries: task.retries,
      retriesLeft: task.retries,
      deadline: task.deadline,
      waitsFor,
      runs: [],
    });
    if (waitsFor.size === 0) this.#addRun(this.tasks[index]!, 'scheduled');
  }

  /** The tasks that are given out. */
  claim(count: number): number[] {
    this.expire();
    // Sorting is stable: equally urgent ones stay in the order in which they became pending.
    const inOrder = [...this.#pending].sort((a, b) => this.tasks[a]!.priority - this.tasks[b]!.priority);
    const claimed = inOrder.slice(0, count);
    this.#pending = this.#pending.filter((index) => !claimed.includes(index));
    for (const index of claimed) {
      Object.assign(this.tasks[index]!.runs.at(-1)!, { state: 'running', takenUntil: this.now + claimMs });
    }
    return claimed;
  }

  reclaim(index: number, runId: number): Answer {
    const task = this.tasks[index]!;
    const run = task.runs[runId];
    if (run === undefined) return 'not-found';
    if (run.state !== 'running' || task.deadline <= this.now) return 'conflict';
    run.takenUntil = this.now + claimMs;
    return 'ok';
  }

  report(index: number, runId: number, report: Report): Answer {
    const task = this.tasks[index]!;
    const run = task.runs[runId];
    const state = report === 'completed' || report === 'failed' ? report : 'exception';
    if (run === undefined) return 'not-found';
    if (run.state !== 'running') return run.state === state && run.resolved === report ? 'ok' : 'conflict';
    this.#resolve(task, state, report);
    return 'ok';
  }

  cancel(index: number): Answer {
    const task = this.tasks[index]!;
    if (!this.#isResolved(task)) {
      this.#abandon(task, task.deadline <= this.now ? 'deadline-exceeded' : 'canceled');
    }
    return 'ok';
  }

  rerun(index: number): Answer {
    const task = this.tasks[index]!;
    if (task.deadline <= this.now) return 'conflict';
    if (this.#isResolved(task)) {
      task.retriesLeft = task.retries;
      this.#addRun(task, 'rerun');
    } else if (this.state(task) === 'unscheduled') {
      this.#addRun(task, 'scheduled');
    }
    return 'ok';
  }

  expire(): void {
    const overdue = this.tasks
      .filter((task) => !this.#isResolved(task) && task.deadline <= this.now)
      .sort((a, b) => a.deadline - b.deadline);
    for (const task of overdue) this.#abandon(task, 'deadline-exceeded');
    const lost = this.tasks
      .filter((task) => this.state(task) === 'running' && task.runs.at(-1)!.takenUntil <= this.now)
      .sort((a, b) => a.runs.at(-1)!.takenUntil - b.runs.at(-1)!.takenUntil);
    for (const task of lost) this.#resolve(task, 'exception', 'claim-expired');
  }

  state(task: ModelTask): TaskState {
    return task.runs.at(-1)?.state ?? 'unscheduled';
  }

  #resolve(task: ModelTask, state: 'completed' | 'failed' | 'exception', reason: ResolvedReason): void {
    Object.assign(task.runs.at(-1)!, { state, resolved: reason });
    this.#pending = this.#pending.filter((index) => index !== task.index);
    const again = ['worker-shutdown', 'intermittent-task', 'claim-expired'].includes(reason);
    if (again && task.retriesLeft > 0) {
      task.retriesLeft--;
      this.#addRun(task, reason === 'intermittent-task' ? 'task-retry' : 'retry');
      return;
    }
    for (const other of this.tasks) {
      if (!this.#satisfies(task.index, other.requires) || !other.waitsFor.delete(task.index)) continue;
      if (other.waitsFor.size === 0 && other.runs.length === 0) this.#addRun(other, 'scheduled');
    }
  }

  #abandon(task: ModelTask, reason: 'canceled' | 'deadline-exceeded'): void {
    if (task.runs.length === 0) task.runs.push({ state: 'pending', created: 'exception', takenUntil: 0 });
    this.#resolve(task, 'exception', reason);
  }

  #addRun(task: ModelTask, created: RunStatus['reasonCreated']): void {
    task.runs.push({ state: 'pending', created, takenUntil: 0 });
    this.#pending.push(task.index);
  }

  #satisfies(index: number, requires: ModelTask['requires']): boolean {
    const task = this.tasks[index]!;
    return requires === 'all-resolved' ? this.#isResolved(task) : this.state(task) === 'completed';
  }

  #isResolved(task: ModelTask): boolean {
    return !['unscheduled', 'pending', 'running'].includes(this.state(task));
  }
}

import type { GraphTask as InnerTask } from '../task-graph.ts';
import type { GraphTask } from './api.ts';
import { frozenCopy } from './hand-over.ts';

const views = new WeakMap<InnerTask, GraphTask>();

/** A finished task as plugins see it: a frozen copy, made once. */
export function viewOf(task: InnerTask): GraphTask {
  let view = views.get(task);
  if (view === undefined) {
    view = frozenCopy(task) as GraphTask;
    views.set(task, view);
  }
  return view;
}

/** Tasks by label as plugins see them; each is copied when somebody asks for it. */
export class GraphView implements ReadonlyMap<string, GraphTask> {
  private readonly tasks: ReadonlyMap<string, InnerTask>;

  constructor(tasks: ReadonlyMap<string, InnerTask>) {
    this.tasks = tasks;
  }

  get size(): number {
    return this.tasks.size;
  }

  has(label: string): boolean {
    return this.tasks.has(label);
  }

  get(label: string): GraphTask | undefined {
    const task = this.tasks.get(label);
    return task === undefined ? undefined : viewOf(task);
  }

  keys(): MapIterator<string> {
    return this.tasks.keys();
  }

  *values(): MapIterator<GraphTask> {
    for (const task of this.tasks.values()) yield viewOf(task);
  }

  *entries(): MapIterator<[string, GraphTask]> {
    for (const [label, task] of this.tasks) yield [label, viewOf(task)];
  }

  [Symbol.iterator](): MapIterator<[string, GraphTask]> {
    return this.entries();
  }

  forEach(look: (task: GraphTask, label: string, map: ReadonlyMap<string, GraphTask>) => void): void {
    for (const [label, task] of this.entries()) look(task, label, this);
  }
}

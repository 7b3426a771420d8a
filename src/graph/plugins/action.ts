import type { TaskState } from '../../task/status.ts';
import type { GraphConfig } from '../graph-config.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { GraphTask } from '../task-graph.ts';
import type { Mapping } from '../values/plain.ts';

/** Something that people start from a user interface on a task group that a decision task has made. */
export interface Action {
  /** user interfaces find the action by it; not necessarily unique */
  readonly name: string;
  /** the button's text */
  readonly title: string;
  /** what Treeherder shows for the task that runs the callback: 1 to 25 characters, or JSON-e */
  readonly symbol: string;
  /** Markdown */
  readonly description: string;
  /** unique; names the callback in hooks and in `taskgraph.disabled-actions` */
  readonly callbackName: string;
  /** place in menus, smaller first; 10000 when the author did not say */
  readonly order: number;
  /** `generic`, or the part of a hook's name that carries more rights; never with a slash */
  readonly permission: string;
  /** for tasks with all tags of one of these sets; an empty list: for the whole group */
  context(parameters: Parameters): readonly Readonly<Record<string, string>>[];
  available(parameters: Parameters): boolean;
  /** JSON Schema of the input; null when it takes none */
  schema(graphConfig: GraphConfig): Mapping | null;
  callback(call: ActionCall): Promise<void>;
}

/** One call of an action. */
export interface ActionCall {
  /** of the decision task */
  readonly parameters: Parameters;
  readonly graphConfig: GraphConfig;
  /** fits the action's schema; null when it has none */
  readonly input: unknown;
  readonly taskGroupId: string;
  /** the task it was started on; null for an action on the whole group */
  readonly taskId: string | null;
  readonly services: ActionServices;
}

/** What a callback may do. Whoever runs callbacks provides it; in a test run nothing is changed, only told. */
export interface ActionServices {
  /** the decision task's full graph, by label, as later actions have changed it */
  fullTaskGraph(): Promise<ReadonlyMap<string, GraphTask>>;
  labelToTaskId(): Promise<ReadonlyMap<string, string>>;
  task(taskId: string): Promise<Mapping>;
  state(taskId: string): Promise<TaskState>;
  /** of a task group, without the task that runs the callback */
  unresolvedTasks(taskGroupId: string): Promise<readonly string[]>;
  /**
   * Creates tasks of the full graph, by label; what they depend on is taken from the group where it is there and created
   * where it is not. `change` may give another definition. Gives the new task ids by label.
   */
  createTasks(
    labels: readonly string[],
    change?: (task: GraphTask) => GraphTask,
  ): Promise<ReadonlyMap<string, string>>;
  createTask(taskId: string, definition: Mapping): Promise<void>;
  /** Does what a decision task does, with these parameters: its artifacts and tasks become those of the own task. */
  decide(parameters: Parameters): Promise<void>;
  rerunTask(taskId: string): Promise<void>;
  cancelTask(taskId: string): Promise<void>;
  /** asks every worker of a task queue to drop a cache */
  purgeCache(taskQueueId: string, cacheName: string): Promise<void>;
  /** tells whoever reads the log */
  tell(message: string): void;
}

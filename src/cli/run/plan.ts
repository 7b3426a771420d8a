import { fail } from '../../base/failure.ts';
import { type Compilation } from '../../graph/compile.ts';
import { toDefinition } from '../../graph/create.ts';
import type { TaskDefinition } from '../../task/definition.ts';
import type { TaskOutcome } from './outcome.ts';
import { rehearse } from './rehearse.ts';

export interface PlannedTask {
  readonly taskId: string;
  readonly label: string;
  readonly definition: TaskDefinition;
}

export interface Plan {
  /** dependencies first */
  readonly tasks: readonly PlannedTask[];
  /** what the index holds and what need not run */
  readonly skipped: readonly TaskOutcome[];
  readonly labelOf: ReadonlyMap<string, string>;
  readonly taskQueueIds: readonly string[];
}

/** What will be created, in an order in which the queue takes it. */
export function plan(
  compilation: Compilation,
  options: {
    readonly request: {
      readonly dependencies: boolean;
      readonly labels: readonly string[];
      readonly rehearse: boolean;
    };
    readonly taskGroupId: string;
    readonly now: number;
  },
): Plan {
  const { request, taskGroupId, now } = options;
  const wanted = new Set(compilation.targets);
  if (!request.dependencies && request.labels.length === 0) {
    fail('usage', '--no-deps needs the labels of the tasks to run');
  }
  const chosen = new Map(
    [...compilation.graph].filter(([, task]) => request.dependencies || wanted.has(task.label)),
  );
  const available = new Set([...chosen.keys(), ...compilation.replaced.values()]);
  const definitions = new Map<string, PlannedTask>();
  for (const [taskId, task] of chosen) {
    const made = toDefinition(task, { taskGroupId, schedulerId: 'caisson', now: new Date(now) });
    const definition = { ...made, dependencies: made.dependencies.filter((id) => available.has(id)) };
    definitions.set(taskId, {
      taskId,
      label: task.label,
      definition: request.rehearse ? rehearse(definition) : definition,
    });
  }
  const labelOf = new Map([...compilation.labelToTaskId].map(([label, taskId]) => [taskId, label]));
  return {
    tasks: inOrder(definitions),
    skipped: skippedOutcomes(compilation),
    labelOf,
    taskQueueIds: [
      ...new Set([...definitions.values()].map(({ definition }) => definition.taskQueueId)),
    ].sort(),
  };
}

function inOrder(tasks: ReadonlyMap<string, PlannedTask>): PlannedTask[] {
  const order = new Set<PlannedTask>();
  const visit = (task: PlannedTask): void => {
    if (order.has(task)) return;
    for (const dependency of task.definition.dependencies) {
      const needed = tasks.get(dependency);
      if (needed !== undefined) visit(needed);
    }
    order.add(task);
  };
  const byLabel = [...tasks.values()].sort((a, b) => (a.label < b.label ? -1 : 1));
  for (const task of byLabel) visit(task);
  return [...order];
}

function skippedOutcomes({ replaced, removed }: Compilation): TaskOutcome[] {
  const skipped = { state: 'skipped', exitCode: null, seconds: 0, caches: [] } as const;
  const held = [...replaced].map(([label, taskId]) => ({
    ...skipped,
    label,
    taskId,
    reason: `indexed as ${taskId}`,
  }));
  const unneeded = removed.map((label) => ({ ...skipped, label, taskId: '', reason: 'optimized away' }));
  return [...held, ...unneeded].sort((a, b) => (a.label < b.label ? -1 : 1));
}

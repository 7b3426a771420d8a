import { systemClock } from '../../base/clock.ts';
import { compareCodePoints } from '../../base/hash.ts';
import type { TaskDefinition } from '../../task/definition.ts';
import type { GraphMistake } from '../check-graph.ts';
import { toDefinition } from '../create.ts';
import { closure } from '../dependency-order.ts';
import type { IndexReader } from '../index-reader.ts';
import { Mistakes } from '../mistakes.ts';
import { morph } from '../morph/morph.ts';
import { optimize } from '../optimize/optimize.ts';
import { assignTaskIds, type TaskGraph } from '../optimize/task-ids.ts';
import type { ActionServices } from '../plugins/action.ts';
import type { Registry } from '../plugins/registry.ts';
import { submitTasks } from '../submit.ts';
import type { GraphTask } from '../task-graph.ts';
import { deepCopy } from '../values/copy.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import type { ActionQueue } from './action-queue.ts';
import { type DecisionGraph, type DecisionGraphRequest, readDecisionGraph } from './decision-graph.ts';

export interface ActionServicesRequest extends DecisionGraphRequest {
  readonly queue: ActionQueue;
  readonly registry: Registry;
  readonly index: IndexReader | null;
  readonly rootUrl: string | null;
  /** the task that runs the callback; null outside of one */
  readonly ownTaskId: string | null;
  readonly decide: ActionServices['decide'];
  /** Keeps what was created: the artifacts of an action task. Called again with more when more is created. */
  readonly record: (created: CreatedTasks) => void;
  readonly tell: (message: string) => void;
}

/** All that the calls of `createTasks` of one action have made. */
export interface CreatedTasks {
  /** by task id */
  readonly graph: ReadonlyMap<string, GraphTask>;
  readonly labelToTaskId: ReadonlyMap<string, string>;
  /** the labels that were asked for, sorted */
  readonly toRun: readonly string[];
}

/** What the callbacks of actions are given, on top of a queue. */
export function actionServices(request: ActionServicesRequest): ActionServices {
  const { queue, parameters, graphConfig, ownTaskId, tell } = request;
  const schedulerId = `${graphConfig['trust-domain']}-level-${parameters.level}`;
  let decision: Promise<DecisionGraph> | undefined;
  const read = (): Promise<DecisionGraph> => (decision ??= readDecisionGraph(request));
  const created = {
    graph: new Map<string, GraphTask>(),
    labels: new Map<string, string>(),
    toRun: new Set<string>(),
  };

  return {
    fullTaskGraph: async () => (await read()).full,
    labelToTaskId: async () => (await read()).labelToTaskId,
    task: async (taskId) => ({ ...(await queue.task(taskId)) }),
    state: async (taskId) => (await queue.status(taskId)).state,
    async unresolvedTasks(taskGroupId) {
      const open = ['unscheduled', 'pending', 'running'];
      const tasks = await queue.listTaskGroup(taskGroupId);
      return tasks
        .filter(({ taskId, state }) => open.includes(state) && taskId !== ownTaskId)
        .map(({ taskId }) => taskId);
    },
    async createTasks(labels, change = (task) => task) {
      const known = await read();
      const chosen = await choose(labels, change, known, request);
      for (const [taskId, task] of chosen.tasks) created.graph.set(taskId, task);
      for (const [label, taskId] of chosen.labelToTaskId) created.labels.set(label, taskId);
      for (const label of labels) created.toRun.add(label);
      // Before anything is created: what is there must be found, also when the rest fails.
      request.record({
        graph: created.graph,
        labelToTaskId: new Map([...created.labels].sort(([a], [b]) => compareCodePoints(a, b))),
        toRun: [...created.toRun].sort(compareCodePoints),
      });
      const { decisionTaskId } = known;
      await submitTasks({ graph: chosen.tasks, decisionTaskId, schedulerId, queue });
      tell(`created ${chosen.tasks.size} tasks`);
      return chosen.labelToTaskId;
    },
    async createTask(taskId, definition) {
      await queue.createTask(taskId, complete(definition, taskId));
    },
    decide: request.decide,
    rerunTask: async (taskId) => void (await queue.rerunTask(taskId)),
    cancelTask: async (taskId) => void (await queue.cancelTask(taskId)),
    purgeCache: (taskQueueId, cacheName) => queue.purgeCache(taskQueueId, cacheName),
    tell,
  };
}

/** The wanted tasks and what they need, where the group does not have it, as the queue takes it. */
async function choose(
  labels: readonly string[],
  change: (task: GraphTask) => GraphTask,
  { full, labelToTaskId, decisionTaskId }: DecisionGraph,
  { parameters, graphConfig, registry, index, rootUrl, ownTaskId }: ActionServicesRequest,
): Promise<TaskGraph> {
  const mistakes = new Mistakes({ strict: false });
  const report = ({ label, path: _, ...mistake }: GraphMistake): void =>
    mistakes.add({ ...mistake, ...(label === undefined ? {} : { about: label }) });
  const needed = closure(labels, (label) => Object.values(full.get(label)!.dependencies));
  const behind = ownTaskId !== null && ownTaskId !== decisionTaskId ? [ownTaskId] : [];
  const tasks = new Map(
    [...full.values()]
      .filter(({ label }) => needed.has(label))
      .map((task) => [task.label, ofAction(change(deepCopy(task)), ownTaskId ?? '', behind)]),
  );
  const wanted = new Set(labels);
  const optimized = await optimize({
    tasks,
    requested: wanted,
    doNotOptimize: wanted,
    doNotRemove: new Set(),
    parameters: { ...parameters, existing_tasks: Object.fromEntries(labelToTaskId) },
    strategies: registry.strategies,
    index,
    now: systemClock.now(),
    report,
  });
  const graph = assignTaskIds({ tasks, ...optimized, decisionTaskId, rootUrl, report });
  mistakes.check();
  const morphed = morph(graph, { graphConfig, parameters, morphs: registry.morphs, report });
  mistakes.check();
  return morphed;
}

/** Says which task made it, and lets it wait for that one, so that nothing starts before all are there. */
function ofAction(task: GraphTask, parent: string, behind: readonly string[]): GraphTask {
  const { extra, dependencies } = task.task;
  const known = (dependencies ?? []) as readonly string[];
  return {
    ...task,
    task: {
      ...task.task,
      extra: { ...(isMapping(extra) ? extra : {}), parent },
      ...(behind.length === 0 ? {} : { dependencies: [...known, ...behind] }),
    },
  };
}

/** A definition with relative times, or one that leaves out what the queue fills in. */
function complete(task: Mapping, taskId: string): TaskDefinition {
  return toDefinition(
    { task },
    {
      taskGroupId: typeof task.taskGroupId === 'string' ? task.taskGroupId : taskId,
      schedulerId: String(task.schedulerId),
      now: new Date(systemClock.now()),
    },
  );
}

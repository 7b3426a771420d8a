import { fail } from '../../base/failure.ts';
import type { TaskService } from '../../queue/queue.ts';
import type { GraphConfig } from '../graph-config.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { GraphTask } from '../task-graph.ts';
import { isMapping, type Mapping } from '../values/plain.ts';

/** The content of a JSON artifact; null when the task has none of that name. */
export type ReadArtifact = (taskId: string, name: string) => Promise<unknown>;

export interface DecisionGraphRequest {
  readonly queue: Pick<TaskService, 'findTask' | 'listTasks'>;
  readonly readArtifact: ReadArtifact;
  readonly parameters: Parameters;
  readonly graphConfig: GraphConfig;
  /** stands for the decision task where none is indexed, e.g. for pull requests */
  readonly taskGroupId: string;
}

export interface DecisionGraph {
  readonly decisionTaskId: string;
  /** by label */
  readonly full: ReadonlyMap<string, GraphTask>;
  /** with what actions and cron tasks made later */
  readonly labelToTaskId: ReadonlyMap<string, string>;
}

/** What the decision task of a push has made, and what was made of its graph later. */
export async function readDecisionGraph(request: DecisionGraphRequest): Promise<DecisionGraph> {
  const { queue, readArtifact, parameters, graphConfig, taskGroupId } = request;
  const push = `${graphConfig['trust-domain']}.v2.${parameters.project}`;
  const revision = `${push}.revision.${parameters.head_rev}`;
  const pushlog = `${push}.pushlog-id.${parameters.pushlog_id}`;
  const isHg = parameters.repository_type === 'hg';
  const indexed = await queue.findTask(isHg ? `${pushlog}.decision` : `${revision}.taskgraph.decision`);
  const decisionTaskId = indexed?.taskId ?? taskGroupId;

  const [full, labels] = await Promise.all([
    readArtifact(decisionTaskId, 'public/full-task-graph.json'),
    readArtifact(decisionTaskId, 'public/label-to-taskid.json'),
  ]);
  const labelToTaskId = new Map(labelsOf(labels, decisionTaskId));
  // taskgraph's own template of .taskcluster.yml indexes actions below `taskgraph`, older ones do not.
  const later = [`${pushlog}.actions`, `${revision}.actions`, `${revision}.taskgraph.actions`];
  const cron = [`${revision}.cron`, `${revision}.taskgraph.cron`];
  const lists = await Promise.all([...later, ...cron].map((namespace) => queue.listTasks(namespace)));
  const taskIds = [...new Set(lists.flat().map(({ taskId }) => taskId))];
  const made = await Promise.all(
    taskIds.map((taskId) => readArtifact(taskId, 'public/label-to-taskid.json')),
  );
  for (const [i, found] of made.entries()) {
    if (found === null) continue;
    for (const [label, taskId] of labelsOf(found, taskIds[i]!)) labelToTaskId.set(label, taskId);
  }
  return { decisionTaskId, full: graphOf(full, decisionTaskId), labelToTaskId };
}

function labelsOf(value: unknown, taskId: string): [string, string][] {
  if (isMapping(value)) return Object.entries(value) as [string, string][];
  return fail('unavailable', `task ${taskId} has no artifact public/label-to-taskid.json that can be read`);
}

/** The tasks of a `full-task-graph.json`. */
function graphOf(value: unknown, taskId: string): ReadonlyMap<string, GraphTask> {
  if (!isMapping(value))
    return fail('unavailable', `task ${taskId} has no artifact public/full-task-graph.json that can be read`);
  const tasks = Object.entries(value).map(([label, task]): [string, GraphTask] => [
    label,
    graphTaskOf(task as Mapping),
  ]);
  const graph = new Map(tasks);
  for (const { label, dependencies } of graph.values()) {
    const missing = Object.values(dependencies).find((needed) => !graph.has(needed));
    if (missing !== undefined)
      fail(
        'unavailable',
        `"${label}" in the full graph of ${taskId} depends on "${missing}", which is not in it`,
      );
  }
  return graph;
}

function graphTaskOf(task: Mapping): GraphTask {
  const taskId = task.task_id as string | undefined;
  return {
    kind: task.kind as string,
    label: task.label as string,
    description: (task.description ?? '') as string,
    attributes: task.attributes as Mapping,
    task: task.task as Mapping,
    optimization: (task.optimization ?? null) as Mapping | null,
    dependencies: (task.dependencies ?? {}) as Record<string, string>,
    softDependencies: (task.soft_dependencies ?? []) as readonly string[],
    ifDependencies: (task.if_dependencies ?? []) as readonly string[],
    ...(taskId === undefined ? {} : { taskId }),
  };
}

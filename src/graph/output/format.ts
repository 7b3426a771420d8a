import { compareCodePoints } from '../../base/hash.ts';
import type { GraphTask } from '../task-graph.ts';
import { deepCopy } from '../values/copy.ts';
import { isMapping, type Mapping, own, setOwn } from '../values/plain.ts';
import { writeJsonMembers } from './json.ts';
import { writeYaml } from './yaml.ts';

export interface Selection {
  /** only tasks whose label passes */
  readonly tasks?: Pick<RegExp, 'test'>;
  /** dotted paths of keys to leave out of every task */
  readonly excludeKeys?: readonly string[];
}

type Graph = ReadonlyMap<string, GraphTask>;

/** A mapping of labels, or task ids, to tasks, as taskgraph's `-J` prints it. */
export function formatJson(graph: Graph, selection: Selection = {}): string {
  return writeJsonMembers(toMembers(graph, selection));
}

/** The same as YAML, as `-Y` prints it. */
export function formatYaml(graph: Graph, selection: Selection = {}): string {
  const mapping: Mapping = {};
  for (const [key, task] of toMembers(graph, selection)) setOwn(mapping, key, task);
  return writeYaml(mapping);
}

/** Labels, sorted, one a line. */
export function formatLabels(graph: Graph, selection: Selection = {}): string {
  const labels = [...graph.values()].filter((task) => isSelected(task, selection)).map(({ label }) => label);
  return labels
    .sort(compareCodePoints)
    .map((label) => `${label}\n`)
    .join('');
}

/** One task as taskgraph writes it. */
export function toJson(task: GraphTask): Mapping {
  return {
    kind: task.kind,
    label: task.label,
    description: task.description,
    attributes: task.attributes,
    dependencies: task.dependencies,
    soft_dependencies: task.softDependencies,
    if_dependencies: task.ifDependencies,
    optimization: task.optimization,
    task: task.task,
    ...(task.taskId === undefined ? {} : { task_id: task.taskId }),
  };
}

function toMembers(graph: Graph, selection: Selection): ReadonlyMap<string, Mapping> {
  const { excludeKeys = [] } = selection;
  const members = new Map<string, Mapping>();
  for (const [key, task] of graph) {
    if (!isSelected(task, selection)) continue;
    let json = toJson(task);
    if (excludeKeys.length > 0) {
      json = deepCopy(json);
      for (const path of excludeKeys) exclude(json, path.split('.'));
    }
    members.set(key, json);
  }
  return members;
}

function isSelected({ label }: GraphTask, { tasks }: Selection): boolean {
  return tasks === undefined || tasks.test(label);
}

function exclude(value: Mapping, path: readonly string[]): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  const inner = own(value, key);
  if (rest.length === 0) delete value[key];
  else if (isMapping(inner)) exclude(inner, rest);
}

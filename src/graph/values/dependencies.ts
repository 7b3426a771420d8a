import type { GraphTask } from '../task-graph.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import { isMapping, own } from './plain.ts';
import { PythonFloat } from './python-float.ts';

/** What the functions here need of a transform's context. */
interface WithDependencies {
  readonly kindDependenciesTasks: ReadonlyMap<string, GraphTask>;
}

const positions = new WeakMap<ReadonlyMap<string, GraphTask>, ReadonlyMap<string, number>>();

/** Where each task stands among the tasks of the kind's dependencies. */
function positionsIn(tasks: ReadonlyMap<string, GraphTask>): ReadonlyMap<string, number> {
  let known = positions.get(tasks);
  if (known?.size !== tasks.size) {
    known = new Map([...tasks.keys()].map((label, index) => [label, index]));
    positions.set(tasks, known);
  }
  return known;
}

/** The tasks that a draft's `dependencies` name, as far as they belong to the kind's dependencies, in their order. */
export function getDependencies(context: WithDependencies, draft: Draft): GraphTask[] {
  const dependencies = own(draft, 'dependencies');
  if (!isMapping(dependencies)) return [];
  const tasks = context.kindDependenciesTasks;
  const found = [...new Set(Object.values(dependencies).map(String))].flatMap(
    (label) => tasks.get(label) ?? [],
  );
  if (found.length < 2) return found;
  const position = positionsIn(tasks);
  return found.sort((a, b) => position.get(a.label)! - position.get(b.label)!);
}

/** The task that from-deps made a draft for; undefined for other drafts. */
export function getPrimaryDependency(context: WithDependencies, draft: Draft): GraphTask | undefined {
  const attributes = own(draft, 'attributes');
  const label = isMapping(attributes) ? own(attributes, 'primary-dependency-label') : undefined;
  return typeof label === 'string' ? context.kindDependenciesTasks.get(label) : undefined;
}

/** Sorts tasks into groups; from-deps makes one draft for each. */
export interface GroupBy {
  /** what is written as `group-by: {name: argument}`; `none`: only `group-by: name`; `any`: both */
  readonly argument: 'none' | 'string' | 'any';
  group(
    tasks: readonly GraphTask[],
    argument: unknown,
    context: TransformContext,
  ): readonly (readonly GraphTask[])[];
}

export const groupByFunctions: ReadonlyMap<string, GroupBy> = new Map<string, GroupBy>([
  ['single', { argument: 'none', group: (tasks) => tasks.map((task) => [task]) }],
  ['all', { argument: 'none', group: (tasks) => [tasks] }],
  [
    'attribute',
    { argument: 'string', group: (tasks, attribute) => groupByAttribute(tasks, String(attribute)) },
  ],
]);

/** Tasks with equal attribute together, in the order in which the values occur; without a value in no group. */
function groupByAttribute(tasks: readonly GraphTask[], attribute: string): GraphTask[][] {
  const groups = new Map<string, GraphTask[]>();
  for (const task of tasks) {
    const value = own(task.attributes, attribute);
    if (!isTrue(value)) continue;
    const key = JSON.stringify(value);
    const group = groups.get(key);
    if (group) group.push(task);
    else groups.set(key, [task]);
  }
  return [...groups.values()];
}

/** False for what Python takes for false: null, zero and what is empty. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMapping(value)) return Object.keys(value).length > 0;
  return value instanceof PythonFloat ? value.valueOf() !== 0 : Boolean(value);
}

export type SetName = (
  primary: GraphTask,
  primaryKind: string,
  of: { readonly tasks: readonly GraphTask[]; readonly context: TransformContext },
) => string;

/** How from-deps names a draft after its primary dependency. */
export const setNameFunctions: ReadonlyMap<string, SetName> = new Map<string, SetName>([
  ['strip-kind', ({ label }, kind) => (label.startsWith(kind) ? label.slice(kind.length + 1) : label)],
  ['retain-kind', ({ label }) => label],
]);

import type { GraphMistake } from '../check-graph.ts';
import type { GraphConfig } from '../graph-config.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { GraphTask } from '../task-graph.ts';
import { verifyCaches } from './caches.ts';
import { verifyDefinitions } from './definition.ts';
import { verifyImageTags } from './image-tags.ts';
import { verifyRoutes } from './routes.ts';
import { verifyTreeherder } from './treeherder.ts';

export interface VerifyContext {
  readonly graphConfig: GraphConfig;
  readonly parameters: Parameters;
  readonly report: (mistake: GraphMistake) => void;
}

export type { GraphMistake };
export type Verification = (tasks: ReadonlyMap<string, GraphTask>, context: VerifyContext) => void;

/** What must hold for the whole graph, whatever transforms made it. Reports every mistake. */
export function verifyFull(tasks: ReadonlyMap<string, GraphTask>, context: VerifyContext): void {
  for (const verify of [
    verifyTreeherder,
    verifyRoutes,
    verifyAliases,
    verifyDefinitions,
    verifyDependencyCounts,
    verifyCaches,
    verifyImageTags,
  ]) {
    verify(tasks, context);
  }
}

/** What must hold for the tasks that are left after optimization. */
export function verifyOptimized(
  tasks: ReadonlyMap<string, GraphTask>,
  { report }: Pick<VerifyContext, 'report'>,
): void {
  for (const { label, task } of tasks.values()) {
    if (task['workerType'] !== 'always-optimized') continue;
    report({ severity: 'error', message: 'the task has to be optimized away, but was not', label });
  }
}

function verifyAliases(tasks: ReadonlyMap<string, GraphTask>, { report }: VerifyContext): void {
  const seen = new Map<string, string>();
  for (const { label, attributes } of tasks.values()) {
    const value = attributes['toolchain-alias'];
    const aliases = Array.isArray(value) ? (value as string[]) : typeof value === 'string' ? [value] : [];
    for (const alias of aliases) {
      const other = seen.get(alias);
      if (other !== undefined)
        report({
          severity: 'error',
          message: `toolchain-alias "${alias}" is that of ${other} too`,
          label,
          path: ['run', 'toolchain-alias'],
        });
      seen.set(alias, label);
    }
  }
}

/** Taskcluster's own limit. */
const mostDependencies = 9999;

function verifyDependencyCounts(tasks: ReadonlyMap<string, GraphTask>, { report }: VerifyContext): void {
  for (const { label, dependencies, ifDependencies, softDependencies } of tasks.values()) {
    const count = Object.keys(dependencies).length + ifDependencies.length + softDependencies.length;
    if (count <= mostDependencies) continue;
    report({
      severity: 'error',
      message: `the task has ${count} dependencies, more than ${mostDependencies}`,
      label,
    });
  }
}

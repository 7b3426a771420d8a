import type { GraphMistake } from '../check-graph.ts';
import type { GraphConfig } from '../graph-config.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { GraphTask } from '../task-graph.ts';
import { verifyCaches } from './caches.ts';
import { verifyDefinitions } from './definition.ts';
import { verifyImageTags } from './image-tags.ts';
import { regexMistake } from '../values/python-regex.ts';
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
    verifyBranches,
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

/** taskgraph lets the last of two equal aliases of fetches win. */
const aliasKeys = [
  ['toolchain-alias', ['run', 'toolchain-alias'], 'error'],
  ['fetch-alias', ['fetch-alias'], 'warning'],
] as const;

function verifyAliases(tasks: ReadonlyMap<string, GraphTask>, { report }: VerifyContext): void {
  const seen = new Map<string, string>();
  for (const { label, attributes } of tasks.values()) {
    for (const [key, path, severity] of aliasKeys) {
      const value = attributes[key];
      const aliases = Array.isArray(value) ? (value as string[]) : typeof value === 'string' ? [value] : [];
      for (const alias of aliases) {
        const other = seen.get(`${key} ${alias}`);
        if (other !== undefined)
          report({ severity, message: `${key} "${alias}" is that of ${other} too`, label, path });
        seen.set(`${key} ${alias}`, label);
      }
    }
  }
}

/** Read only when targets are chosen, and then without a place. */
function verifyBranches(tasks: ReadonlyMap<string, GraphTask>, { report }: VerifyContext): void {
  for (const { label, attributes } of tasks.values()) {
    const branches = attributes['run_on_git_branches'];
    for (const [index, branch] of Array.isArray(branches) ? branches.entries() : []) {
      const message = typeof branch === 'string' ? regexMistake(branch) : null;
      if (message !== null)
        report({ severity: 'error', message, label, path: ['run-on-git-branches', index] });
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

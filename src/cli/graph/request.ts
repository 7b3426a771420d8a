import { availableParallelism } from 'node:os';
import { openWorkTree } from '../../base/work-tree.ts';
import { fail } from '../../base/failure.ts';
import type { Phase } from '../../graph/compile.ts';
import type { Parameters } from '../../graph/parameters/parameters.ts';
import { pythonMatch, PythonRegexError } from '../../graph/values/python-regex.ts';
import type { Repository } from '../repository.ts';
import { runTaskBundle } from '../run-task-bundle.ts';
import type { GraphJob } from './job.ts';

/** The options of `caisson graph …` as the command line has them. */
export interface GraphOptions {
  readonly root: string;
  readonly quiet?: true;
  readonly verbose?: true;
  readonly json?: true;
  readonly yaml?: true;
  readonly parameters?: readonly string[];
  readonly forceLocalFilesChanged?: true;
  readonly optimize?: boolean;
  readonly outputFile?: string;
  readonly targetKind?: readonly string[];
  readonly tasksRegex?: string;
  readonly excludeKey?: readonly string[];
  readonly strict?: true;
  readonly diff?: string | true;
  readonly dirty?: true;
  readonly maxWorkers?: string;
}

/** What all jobs of a command line have in common; mistakes in it fail with `usage`. */
export function jobFor(
  phase: Phase,
  options: GraphOptions,
): Omit<GraphJob, 'repository' | 'parameters' | 'output'> {
  const { tasksRegex: tasks, json, yaml } = options;
  if (tasks !== undefined) checkRegex(tasks);
  return {
    phase,
    format: json ? 'json' : yaml ? 'yaml' : 'labels',
    ...(tasks === undefined ? {} : { tasks }),
    excludeKeys: options.excludeKey ?? [],
    strict: options.strict === true,
    indexed: options.optimize !== false,
    wrapper: runTaskBundle().digests,
  };
}

/** Parameters that the command line says, whatever the sets have. */
export function parameterOverrides(
  { top }: Repository,
  { targetKind, forceLocalFilesChanged }: GraphOptions,
): Partial<Parameters> {
  return {
    ...(targetKind === undefined ? {} : { 'target-kinds': targetKind }),
    ...(forceLocalFilesChanged ? { files_changed: openWorkTree(top).changedFiles() } : {}),
  };
}

export function threadCount({ maxWorkers }: Pick<GraphOptions, 'maxWorkers'>): number {
  if (maxWorkers === undefined) return availableParallelism();
  const count = Number(maxWorkers);
  if (Number.isInteger(count) && count >= 1) return count;
  return fail('usage', `--max-workers ${maxWorkers}: give a number from 1 on`);
}

function checkRegex(pattern: string): void {
  try {
    pythonMatch(pattern, '');
  } catch (error) {
    if (!(error instanceof PythonRegexError)) throw error;
    fail('usage', `--tasks: ${error.message}`);
  }
}

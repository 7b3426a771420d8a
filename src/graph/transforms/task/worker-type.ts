import type { GraphConfig, WorkerAlias } from '../../graph-config.ts';
import { HintedError } from '../../values/hinted-error.ts';
import { remembered } from '../../values/remembered.ts';
import { findWorker, workerIdentifiers } from '../../worker-alias.ts';
import { DraftError } from '../draft-step.ts';
import type { TransformContext } from '../transform.ts';

/** Worker types that every Taskcluster has. */
const builtIn = new Map<string, readonly [string, string]>([
  ['always-optimized', ['invalid', 'always-optimized']],
  ['succeed', ['built-in', 'succeed']],
]);

/** Which worker implementation, on which system, runs tasks of an alias in config.yml. */
export function implementationOf(
  { graphConfig }: TransformContext,
  alias: unknown,
): { readonly implementation: string; readonly os: string | null } {
  if (typeof alias === 'string' && builtIn.has(alias)) return { implementation: alias, os: null };
  if (typeof alias !== 'string')
    throw new DraftError('the task needs the key "worker-type"', alias === undefined ? [] : ['worker-type']);
  return implementationOfAlias(graphConfig, alias);
}

const implementationOfAlias = remembered((graphConfig: GraphConfig, alias) => {
  const worker: WorkerAlias = inWorkerType(() => findWorker(graphConfig, alias));
  return {
    implementation: worker.implementation,
    os: typeof worker.os === 'string' ? worker.os : null,
  };
});

/** `[provisionerId, workerType]` of an alias. */
export const workerTypeOf = remembered(
  ({ graphConfig, params }: TransformContext, alias): readonly [string, string] =>
    builtIn.get(alias) ?? inWorkerType(() => workerIdentifiers(graphConfig, alias, params.level)),
);

function inWorkerType<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof HintedError)) throw error;
    throw new DraftError(error.message, ['worker-type'], error.hint);
  }
}

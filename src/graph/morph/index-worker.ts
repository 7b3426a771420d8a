import { FailureError } from '../../base/failure.ts';
import type { GraphConfig } from '../graph-config.ts';
import { HintedError } from '../values/hinted-error.ts';
import { KeyedByError } from '../values/keyed-by.ts';
import { PythonFormatError } from '../values/python-format.ts';
import { PythonRegexError } from '../values/python-regex.ts';
import { workerIdentifiers } from '../worker-alias.ts';

/** The worker that indexes, by its alias in config.yml. Fails with `configuration` when there is no such alias. */
export function indexWorker(
  graphConfig: GraphConfig,
  alias: string,
  level: string,
): { provisionerId: string; workerType: string } {
  try {
    const [provisionerId, workerType] = workerIdentifiers(graphConfig, alias, level);
    return { provisionerId, workerType };
  } catch (error) {
    const isMistake =
      error instanceof HintedError ||
      error instanceof KeyedByError ||
      error instanceof PythonFormatError ||
      error instanceof PythonRegexError;
    if (!isMistake) throw error;
    const message = `a task has more routes than the queue takes, and there is no worker "${alias}" to index it: ${error.message}`;
    const hint = `"workers.aliases" in config.yml must have "${alias}"`;
    throw new FailureError({ kind: 'configuration', message, hint }, { cause: error });
  }
}

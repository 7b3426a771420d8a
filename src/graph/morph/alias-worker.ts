import { FailureError } from '../../base/failure.ts';
import type { GraphConfig, WorkerAlias } from '../graph-config.ts';
import { evaluateKeyedBy, KeyedByError } from '../values/keyed-by.ts';
import { formatPython, PythonFormatError } from '../values/python-format.ts';

/** The worker that an alias of config.yml names on a level. Fails with `configuration` when there is no such alias. */
export function aliasWorker(
  graphConfig: GraphConfig,
  alias: string,
  level: string,
): { provisionerId: string; workerType: string } {
  const words = { alias, level, 'trust-domain': graphConfig['trust-domain'] };
  try {
    const aliases = { 'by-alias': graphConfig.workers.aliases };
    const worker = evaluateKeyedBy(aliases, 'workers.aliases', { alias }) as WorkerAlias;
    const resolve = (value: unknown) => formatPython(String(evaluateKeyedBy(value, alias, { level })), words);
    return { provisionerId: resolve(worker.provisioner), workerType: resolve(worker['worker-type']) };
  } catch (error) {
    if (!(error instanceof KeyedByError || error instanceof PythonFormatError)) throw error;
    const message = `a task has more routes than the queue takes, and there is no worker "${alias}" to index it: ${error.message}`;
    const hint = `"workers.aliases" in config.yml must have "${alias}"`;
    throw new FailureError({ kind: 'configuration', message, hint }, { cause: error });
  }
}

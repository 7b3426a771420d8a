import { didYouMean } from '../base/suggest.ts';
import type { GraphConfig, WorkerAlias } from './graph-config.ts';
import { evaluateKeyedBy, keymatch } from './values/keyed-by.ts';
import { HintedError } from './values/hinted-error.ts';
import { formatPython } from './values/python-format.ts';

/** The worker of config.yml that an alias means: of that name, else a regular expression, else `default`. */
export function findWorker({ workers: { aliases } }: GraphConfig, alias: string): WorkerAlias {
  const found = keymatch(aliases, alias);
  if (found.length === 1) return found[0] as WorkerAlias;
  const what = found.length === 0 ? 'there is no worker alias' : 'several worker aliases match';
  throw new HintedError(`${what} "${alias}" in config.yml`, didYouMean(alias, Object.keys(aliases)));
}

/**
 * `[provisionerId, workerType]` of an alias on a level. Throws HintedError when there is no such alias, and the errors of
 * `by-level` and of texts.
 */
export function workerIdentifiers(
  graphConfig: GraphConfig,
  alias: string,
  level: string,
): readonly [string, string] {
  const worker = findWorker(graphConfig, alias);
  const fields = { alias, level, 'trust-domain': graphConfig['trust-domain'] };
  const read = (key: 'provisioner' | 'worker-type'): string =>
    formatPython(String(evaluateKeyedBy(worker[key], `worker alias "${alias}"`, { level })), fields);
  return [read('provisioner'), read('worker-type')];
}

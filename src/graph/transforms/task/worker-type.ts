import { didYouMean } from '../../../base/suggest.ts';
import { evaluateKeyedBy, keymatch } from '../../values/keyed-by.ts';
import type { Mapping } from '../../values/plain.ts';
import { formatPython } from '../../values/python-format.ts';
import { DraftError } from '../draft-step.ts';
import type { TransformContext } from '../transform.ts';

/** Worker types that every Taskcluster has. */
const builtIn = new Map([
  ['always-optimized', ['invalid', 'always-optimized']],
  ['succeed', ['built-in', 'succeed']],
]);

/** Which worker implementation, on which system, runs tasks of an alias in config.yml. */
export function implementationOf(
  context: TransformContext,
  alias: unknown,
): { readonly implementation: string; readonly os: string | null } {
  if (typeof alias === 'string' && builtIn.has(alias)) return { implementation: alias, os: null };
  const worker = findAlias(context, alias);
  return {
    implementation: String(worker['implementation']),
    os: typeof worker['os'] === 'string' ? worker['os'] : null,
  };
}

/** `[provisionerId, workerType]` of an alias. */
export function workerTypeOf(context: TransformContext, alias: string): readonly [string, string] {
  const known = builtIn.get(alias);
  if (known !== undefined) return [known[0]!, known[1]!];
  const worker = findAlias(context, alias);
  const { level } = context.params;
  const fields = { alias, level, 'trust-domain': context.graphConfig['trust-domain'] };
  const read = (key: string): string =>
    formatPython(String(evaluateKeyedBy(worker[key], alias, { level })), fields);
  return [read('provisioner'), read('worker-type')];
}

function findAlias({ graphConfig }: TransformContext, alias: unknown): Mapping {
  const { aliases } = graphConfig.workers;
  if (typeof alias !== 'string')
    throw new DraftError('the task needs the key "worker-type"', alias === undefined ? [] : ['worker-type']);
  const found = keymatch(aliases, alias);
  if (found.length === 1) return found[0] as Mapping;
  const what = found.length === 0 ? 'there is no worker alias' : 'several worker aliases match';
  throw new DraftError(
    `${what} "${alias}" in config.yml`,
    ['worker-type'],
    didYouMean(alias, Object.keys(aliases)),
  );
}

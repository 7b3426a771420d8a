import { posix } from 'node:path';
import { didYouMean } from '../../../base/suggest.ts';
import type { CheckoutLayout } from '../../../caches/record.ts';
import { custom, drawSchema, either, flag, keys, listOf, mapOf, type Shape, text } from '../../load/shape.ts';
import { listAt, mappingAt } from '../../payloads/payload.ts';
import { authoredCacheKeys } from '../../payloads/shapes.ts';
import { isMapping, type Mapping, onlyKey } from '../../values/plain.ts';
import { DraftError } from '../draft-step.ts';
import type { Draft, TransformContext } from '../transform.ts';
import { checkoutFolder } from './checkout.ts';

/** Caches of common tools, and how the tool is told where its cache is. The order shows in the tasks. */
const toolCaches = [
  ['cargo', 'CARGO_HOME'],
  ['checkout', null],
  ['npm', 'npm_config_cache'],
  ['pip', 'PIP_CACHE_DIR'],
  ['uv', 'UV_CACHE_DIR'],
] as const;
const names: readonly string[] = toolCaches.map(([name]) => name);
const settings = keys({ optional: authoredCacheKeys });

/** `true`, `false`, or a list of names, each alone or with the settings of {@link authoredCacheKeys}. */
const useCache = custom(
  () => ({
    anyOf: [
      { enum: names },
      {
        type: 'object',
        properties: Object.fromEntries(names.map((name) => [name, drawSchema(settings)])),
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
      },
    ],
  }),
  (item, path, tell) => {
    if (isMapping(item)) mapOf(settings, 1)(item, path, tell);
    else text(item, path, tell);
    const name = isMapping(item) ? onlyKey(item) : item;
    if (typeof name !== 'string' || names.includes(name)) return;
    const hint = didYouMean(name, names);
    const message = `there is no cache "${name}" of a tool`;
    tell({ message, path, ...(hint === undefined ? {} : { hint }) });
  },
);
export const useCachesShape: Shape = either((value) => typeof value === 'boolean', flag, listOf(useCache));

/** Adds the caches that `run.use-caches`, else config.yml, asks for. `layout` is null without a checkout. */
export function addToolCaches(
  context: TransformContext,
  draft: Draft,
  run: Mapping,
  layout: CheckoutLayout | null,
): void {
  const worker = draft['worker'] as Mapping;
  const docker = worker['implementation'] === 'docker-worker';
  const base = docker ? posix.join(String(run['workdir']), '.task-cache') : '.task-cache';
  const wanted = wantedCaches(run['use-caches'] ?? configured(context) ?? ['checkout']);
  for (const [name, variable] of toolCaches) {
    const extra = wanted.get(name);
    if (extra === undefined || (name === 'checkout' && layout === null)) continue;
    const place = name === 'checkout' ? checkoutFolder(worker, run) : `${base}/${name}`;
    const shortName =
      name !== 'checkout' ? name : context.repoConfigs.size > 1 ? 'checkouts-repos' : 'checkouts';
    if (variable !== null) mappingAt(worker, 'env')[variable] = place;
    const more = { ...extra, ...(name === 'checkout' ? { checkout: layout } : {}) };
    if (docker)
      listAt(worker, 'caches').push({
        type: 'persistent',
        name: shortName,
        'mount-point': place,
        'skip-untrusted': false,
        ...more,
      });
    else listAt(worker, 'mounts').push({ 'cache-name': shortName, directory: place, ...more });
  }
}

function configured({ graphConfig }: TransformContext): unknown {
  const run = graphConfig.taskgraph['run'];
  return isMapping(run) ? run['use-caches'] : undefined;
}

/** Names with what the author says of each. */
function wantedCaches(value: unknown): ReadonlyMap<string, Mapping> {
  if (typeof value === 'boolean') return new Map(value ? names.map((name) => [name, {}]) : []);
  if (!Array.isArray(value))
    throw new DraftError('"use-caches" must be true, false or a list', ['run', 'use-caches']);
  return new Map(
    (value as unknown[]).map((item) => {
      const name = isMapping(item) ? onlyKey(item)! : String(item);
      return [name, isMapping(item) ? (item[name] as Mapping) : {}];
    }),
  );
}

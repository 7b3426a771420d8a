import { didYouMean } from '../../../base/suggest.ts';
import {
  anything,
  described,
  either,
  keys,
  listOf,
  mapOf,
  nullable,
  type Shape,
  text,
} from '../../load/shape.ts';
import { mappingAt } from '../../payloads/payload.ts';
import { deepCopy } from '../../values/copy.ts';
import { isMapping, type Mapping } from '../../values/plain.ts';
import { warnOfUnknownKeys } from '../draft-shape.ts';
import { DraftError, stepThrough } from '../draft-step.ts';
import { labelOf } from '../task/label.ts';
import { descriptionKeys, namingKeys } from '../task/task-shape.ts';
import { implementationOf } from '../task/worker-type.ts';
import type { Draft, Transform, TransformContext } from '../transform.ts';
import { fetchesFor, fetchesShape } from './fetches.ts';
import { indexSearch } from './index-search.ts';
import { runTask } from './run-task.ts';
import { alwaysOptimized, type RunUsing } from './run-using.ts';
import { toolchainScript } from './toolchain-script.ts';

/** What `run.using` may say. */
export const runUsing: ReadonlyMap<string, RunUsing> = new Map([
  ['run-task', runTask],
  ['toolchain-script', toolchainScript],
  ['index-search', indexSearch],
  ['always-optimized', alwaysOptimized],
]);

const { label, description, 'worker-type': workerType } = namingKeys as Record<string, Shape>;
const when = nullable(
  either(isEmptyMapping, anything, keys({ required: { 'files-changed': listOf(text) } })),
);

/** Keys of a task that `run` knows beside those of its description. */
export const runKeys: Readonly<Record<string, Shape>> = {
  name: described('The name within the kind.', text),
  when: described('Only when files changed that match one of the globs.', when),
  fetches: described(
    'Artifacts that are there when the task starts, by kind or name of a dependency.',
    nullable(fetchesShape),
  ),
};
/** What is added to; the rest is looked at when the payload is made. */
const workerShape = keys({
  optional: {
    env: nullable(mapOf(anything)),
    caches: nullable(listOf(anything)),
    mounts: nullable(listOf(anything)),
    artifacts: nullable(listOf(anything)),
  },
  unknown: 'allowed',
});
const runShape: Shape = keys({
  required: {
    description: description!,
    'worker-type': workerType!,
    run: keys({ required: { using: text }, unknown: 'allowed' }),
  },
  optional: { ...descriptionKeys, ...runKeys, label: label!, worker: workerShape },
  unknown: 'allowed',
});

/** `run`: makes task descriptions of descriptions of what to run. */
export const run: Transform = function* (context, drafts) {
  const all = [
    ...stepThrough(context, drafts, (draft) => (isRight(context, draft) ? prepare(context, draft) : [])),
  ];
  const addFetches = fetchesFor(context, all);
  yield* stepThrough(context, all, (draft) => {
    addFetches(draft);
    return configure(context, draft);
  });
};

function isRight(context: TransformContext, draft: Draft): boolean {
  let right = true;
  runShape(draft, [], (mistake) => {
    right = false;
    context.report({ severity: 'error', draft, ...mistake });
  });
  if (isGiven(draft['when']) && isGiven(draft['optimization'])) {
    const message = '"when" is an optimization too: only one of both can be';
    context.report({ severity: 'error', draft, message, path: ['when'] });
    return false;
  }
  return right;
}

/** Nothing given is the same as null. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isEmptyMapping(value: unknown): boolean {
  return isMapping(value) && Object.keys(value).length === 0;
}

function prepare(context: TransformContext, draft: Draft): Draft {
  if (isMapping(draft['when']) && !isEmptyMapping(draft['when'])) {
    const files = [...(draft['when']['files-changed'] as string[]), `${context.path}/kind.yml`];
    const from = draft['task-from'];
    if (typeof from === 'string' && from !== 'kind.yml') files.push(`${context.path}/${from}`);
    draft['optimization'] = { 'skip-unless-changed': files };
  }
  delete draft['when'];
  const { implementation, os } = implementationOf(context, draft['worker-type']);
  const worker = mappingAt(draft, 'worker');
  if ('implementation' in worker) {
    throw new DraftError('"implementation" follows from the worker type', ['worker', 'implementation']);
  }
  const tags = mappingAt(draft, 'tags');
  if (os !== null) {
    tags['os'] = os;
    worker['os'] = os;
  }
  tags['worker-implementation'] = implementation;
  worker['implementation'] = implementation;
  draft['label'] = labelOf(context, draft);
  delete draft['name'];
  return draft;
}

function configure(context: TransformContext, draft: Draft): Draft | readonly Draft[] {
  const implementation = String((draft['worker'] as Mapping)['implementation']);
  const settings = draft['run'] as Mapping;
  const using = String(settings['using']);
  if (implementation === 'docker-worker' || implementation === 'generic-worker')
    settings['workdir'] ??= '/builds/worker';
  const known = context.registry.runUsing.get(using);
  if (known === undefined) {
    throw new DraftError(
      `there is no run.using "${using}"`,
      ['run', 'using'],
      didYouMean(using, context.registry.runUsing.keys()),
    );
  }
  const found = known.find(({ implementations }) => implementations.includes(implementation));
  if (found === undefined) {
    const hint = `it runs on ${known.flatMap(({ implementations }) => implementations).join(', ')}`;
    throw new DraftError(`run.using "${using}" is not possible on ${implementation}`, ['run', 'using'], hint);
  }
  for (const [key, value] of Object.entries(found.defaults ?? {}))
    if (!(key in settings)) settings[key] = deepCopy(value);
  let right = true;
  found.shape(settings, ['run'], (mistake) => {
    right = false;
    context.report({ severity: 'error', draft, ...mistake });
  });
  if (!right) return [];
  warnOfUnknownKeys(context, draft, ['run'], found.known);
  draft['attributes'] ??= {};
  draft['dependencies'] ??= {};
  draft['soft-dependencies'] ??= [];
  draft['routes'] ??= [];
  draft['scopes'] ??= [];
  draft['extra'] ??= {};
  found.configure(context, draft, settings);
  delete draft['run'];
  return draft;
}

import { posix } from 'node:path';
import { didYouMean } from '../../base/suggest.ts';
import {
  anything,
  custom,
  described,
  drawSchema,
  keys,
  mapOf,
  nullable,
  oneOf,
  type Shape,
  text,
} from '../load/shape.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import { addCacheOptimization } from './cache-index.ts';
import { DraftError, stepThrough } from './draft-step.ts';
import { type FetchBuilder, fetchBuilders } from './fetch-builders.ts';
import { shaped, warnOfUnknownKeys } from './draft-shape.ts';
import type { Draft, Transform, TransformContext } from './transform.ts';

/** The keys of each type are looked at when the type is known. */
const fetchShape: Shape = custom(
  () => ({
    anyOf: [
      ...[...fetchBuilders].map(([type, { required, optional }]) =>
        drawSchema(keys({ required: { type: oneOf([type]), ...required }, optional })),
      ),
      // one of a plugin
      { required: ['type'], properties: { type: { not: { enum: [...fetchBuilders.keys()] } } } },
    ],
  }),
  keys({ required: { type: text }, unknown: 'allowed' }),
);

/** Keys of a task that `fetch` knows. */
export const fetchKeys: Readonly<Record<string, Shape>> = {
  name: text,
  description: text,
  fetch: described('What is downloaded once and kept as an artifact.', fetchShape),
  'task-from': nullable(text),
  'expires-after': nullable(text),
  'docker-image': described('The image that downloads; default: {in-tree: fetch}.', anything),
  'fetch-alias': described('Another name of the task in "fetches".', nullable(text)),
  'artifact-prefix': described('The folder of the artifact; default: public.', nullable(text)),
  attributes: nullable(mapOf(anything)),
};
const shape = keys({ optional: fetchKeys });

/** Makes of `fetch: {type, …}` the task that downloads something once, checks it and keeps it as an artifact. */
export const fetch: Transform = (context, drafts) =>
  stepThrough(
    context,
    shaped(context, drafts, { required: ['name', 'description', 'fetch'], shape }),
    (draft) => {
      const wanted = draft.fetch as Mapping;
      const type = String(wanted.type);
      const { fetchTypes } = context.registry;
      const builder = fetchTypes.get(type);
      if (!builder) {
        const hint = didYouMean(type, fetchTypes.keys());
        throw new DraftError(`there is no fetch type "${type}"`, ['fetch', 'type'], hint);
      }
      const { required, optional } = builder;
      let isRight = true;
      keys({ required, optional, unknown: 'allowed' })(wanted, ['fetch'], (mistake) => {
        isRight = false;
        context.report({ severity: 'error', ...mistake, draft });
      });
      if (!isRight) return [];
      const known = ['type', ...Object.keys(required), ...Object.keys(optional)];
      warnOfUnknownKeys(context, draft, ['fetch'], known);
      return fetchTask(context, draft, wanted, builder);
    },
  );

function fetchTask(context: TransformContext, draft: Draft, wanted: Mapping, builder: FetchBuilder): Draft {
  const { params, graphConfig } = context;
  const name = String(draft.name);
  const { command, artifactName, env, digestData, secret } = builder.build(wanted, context);
  const prefix = (draft['artifact-prefix'] ?? 'public') as string;
  // What was fetched never changes, and is of use for as long as anybody builds that revision.
  const expires = params.level === '3' ? '1000 years' : (graphConfig['task-expires-after'] ?? '28 days');

  const task: Draft = {
    attributes: {
      ...(isMapping(draft.attributes) ? draft.attributes : {}),
      'fetch-artifact': posix.join(prefix, artifactName),
      ...(draft['fetch-alias'] ? { 'fetch-alias': draft['fetch-alias'] } : {}),
    },
    name,
    description: draft.description,
    'expires-after': draft['expires-after'] ?? expires,
    label: `fetch-${name}`,
    'run-on-projects': [],
    run: { using: 'run-task', checkout: false, command },
    'worker-type': 'images',
    worker: {
      'chain-of-trust': true,
      'docker-image': draft['docker-image'] ?? { 'in-tree': 'fetch' },
      env: { ...env, UPLOAD_DIR: '/builds/worker/artifacts' },
      'max-run-time': 900,
      artifacts: [{ type: 'directory', name: prefix, path: '/builds/worker/artifacts' }],
      ...(secret === undefined ? {} : { 'taskcluster-proxy': true }),
    },
  };
  if (Object.hasOwn(graphConfig, 'treeherder')) {
    task.treeherder = { symbol: `Fetch(${name})`, kind: 'build', platform: 'fetch/opt', tier: 1 };
  }
  if (secret !== undefined) task.scopes = [`secrets:get:${secret}`];
  addCacheOptimization(context, task, {
    type: 'content.v1',
    name: `fetch-${name}`.replace(`${context.kind}-`, ''),
    digestData,
  });
  return task;
}

import { compareCodePoints } from '../../base/hash.ts';
import { wrapperCommand } from '../../task/command.ts';
import type { CacheImage } from '../caches/name-caches.ts';
import { described, either, flag, integer, keys, listOf, oneOf, type Shape, text } from '../load/shape.ts';
import { pinned } from '../load/image-lock.ts';
import { DraftError } from '../transforms/draft-step.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import { dockerPayload } from '../verify/payload/docker-payload.ts';
import { dockerfileVolumes } from './dockerfile-volumes.ts';
import { isSet, listAt, mappingAt, type PayloadBuilder, type UnfinishedDefinition } from './payload.ts';
import { cacheKeys, environment, exitCodes, filledText, reference } from './shapes.ts';
import { addCaches, referenced } from './wanted-caches.ts';

const image: Shape = either(
  isMapping,
  keys({ optional: { 'in-tree': filledText, indexed: filledText } }),
  filledText,
);
const required = {
  implementation: text,
  os: oneOf(['linux']),
  'docker-image': described('A name of a registry, {in-tree: <name>} or {indexed: <namespace>}.', image),
  'chain-of-trust': described('Sign what the task made.', flag),
  'taskcluster-proxy': described('Let the task call Taskcluster with its scopes.', flag),
  'allow-ptrace': described('Allow ptrace within the container.', flag),
  'loopback-video': described('Give the task a video device.', flag),
  env: described('Environment variables; values are texts.', environment),
  'max-run-time': described('Seconds after which the task is killed.', integer),
};
const optional = {
  volumes: described('Folders that the image keeps in volumes.', listOf(text)),
  caches: described(
    'Folders that stay from task to task.',
    listOf(
      keys({
        required: { name: text, 'mount-point': filledText },
        optional: {
          type: oneOf(['persistent']),
          'skip-untrusted': described('Not for tasks of level 1.', flag),
          ...cacheKeys,
        },
      }),
    ),
  ),
  artifacts: described(
    'What is kept of the task.',
    listOf(keys({ required: { type: oneOf(['file', 'directory', 'volume']), path: text, name: text } })),
  ),
  command: described('Words of the command, when "run" does not say it.', listOf(reference)),
  'retry-exit-status': described('Exit codes with which the task is tried again.', exitCodes),
  'purge-caches-exit-status': described('Exit codes with which its caches are thrown away.', exitCodes),
  'skip-artifacts': described('Make no artifacts but those named.', flag),
};

export const dockerWorker: PayloadBuilder = {
  shape: keys({ required, optional, unknown: 'allowed' }),
  known: [...Object.keys(required), ...Object.keys(optional)],
  setDefaults(worker) {
    for (const key of ['chain-of-trust', 'taskcluster-proxy', 'allow-ptrace', 'loopback-video'])
      worker[key] ??= false;
    worker['volumes'] ??= [];
    worker['env'] ??= {};
  },
  build: buildPayload,
  payloadShape: () => dockerPayload,
};

function buildPayload(context: TransformContext, draft: Draft, definition: UnfinishedDefinition): void {
  const worker = draft['worker'] as Mapping;
  const { scopes } = definition;
  const volumes = worker['volumes'] as string[];
  const [payloadImage, cacheImage] = readImage(context, draft, volumes);
  const features: Mapping = {};
  if (isSet(worker['taskcluster-proxy'])) features['taskclusterProxy'] = true;
  if (isSet(worker['allow-ptrace'])) {
    features['allowPtrace'] = true;
    scopes.push('docker-worker:feature:allowPtrace');
  }
  if (isSet(worker['chain-of-trust'])) features['chainOfTrust'] = true;
  const env = worker['env'] as Mapping;
  if (isSet(draft['needs-sccache'])) {
    features['taskclusterProxy'] = true;
    const { 'trust-domain': domain } = context.graphConfig;
    scopes.push(`assume:project:taskcluster:${domain}:level-${context.params.level}-sccache-buckets`);
    Object.assign(env, { USE_SCCACHE: '1', SCCACHE_IDLE_TIMEOUT: '0' });
  } else env['SCCACHE_DISABLE'] = '1';
  const capabilities: Mapping = {};
  if (isSet(worker['loopback-video'])) {
    capabilities['devices'] = { loopbackVideo: true };
    scopes.push('docker-worker:capability:device:loopbackVideo');
  }

  const command = worker['command'] as unknown[] | undefined;
  const wrapped = wrapperCommand('docker-worker', command) !== null;
  if (wrapped) {
    // run-task ends like this when a cache must not be used: the worker purges it and tries again.
    listAt(worker, 'retry-exit-status').push(72);
    listAt(worker, 'purge-caches-exit-status').push(72);
  }
  const payload: Mapping = { image: payloadImage, env };
  definition.payload = payload;
  if (command !== undefined) payload['command'] = command;
  payload['maxRunTime'] = worker['max-run-time'];
  const onExitStatus = mappingAt(payload, 'onExitStatus');
  if ('retry-exit-status' in worker) onExitStatus['retry'] = worker['retry-exit-status'];
  if ('purge-caches-exit-status' in worker) onExitStatus['purgeCaches'] = worker['purge-caches-exit-status'];
  if ('artifacts' in worker) payload['artifacts'] = artifactsOf(worker, definition);
  if ('caches' in worker) {
    const entries = (worker['caches'] as Mapping[])
      .map((entry, i) => ({
        entry,
        name: entry['name'],
        place: entry['mount-point'],
        path: ['worker', 'caches', i],
      }))
      .filter(({ entry }) => !(isSet(entry['skip-untrusted']) && context.params.level === '1'));
    const named = addCaches(context, draft, definition, entries, {
      implementation: 'docker-worker',
      os: 'linux',
      command,
      image: cacheImage,
    });
    const places = named.map(({ wanted }) => wanted.mountPoint).sort(compareCodePoints);
    scopes.push(...named.map(({ scope }) => scope));
    payload['cache'] = referenced(named, ({ wanted }) => wanted.mountPoint);
    if (wrapped && places.length > 0) env['TASKCLUSTER_CACHES'] = places.join(';');
    if (context.params.level === '1') env['TASKCLUSTER_UNTRUSTED_CACHES'] = '1';
  }
  if (wrapped && volumes.length > 0)
    env['TASKCLUSTER_VOLUMES'] = [...volumes].sort(compareCodePoints).join(';');
  if (Object.keys(features).length > 0) payload['features'] = features;
  if (Object.keys(capabilities).length > 0) payload['capabilities'] = capabilities;
}

/** The image as the payload and as a cache's record have it; an image of this repository adds its volumes. */
function readImage(context: TransformContext, draft: Draft, volumes: string[]): [unknown, CacheImage] {
  const worker = draft['worker'] as Mapping;
  const image = worker['docker-image'];
  if (typeof image === 'string') {
    const value = pinned(image, context.imagePins);
    return [value, { kind: 'string', value }];
  }
  const { 'in-tree': name, indexed: namespace } = image as { 'in-tree'?: string; indexed?: string };
  const path = 'public/image.tar.zst';
  if (name !== undefined) {
    const dependencies = mappingAt(draft, 'dependencies');
    if ('docker-image' in dependencies) {
      throw new DraftError('the dependency name "docker-image" is taken by the image', [
        'dependencies',
        'docker-image',
      ]);
    }
    dependencies['docker-image'] = `docker-image-${name}`;
    for (const volume of dockerfileVolumes(context, name)) {
      if (volumes.includes(volume)) {
        const hint = 'the Dockerfile of the image declares it already';
        throw new DraftError(`the volume ${volume} is defined twice`, ['worker', 'volumes'], hint);
      }
      volumes.push(volume);
    }
    return [
      { path, taskId: { 'task-reference': '<docker-image>' }, type: 'task-image' },
      { kind: 'in-tree', name },
    ];
  }
  if (namespace !== undefined)
    return [
      { path, namespace, type: 'indexed-image' },
      { kind: 'indexed', namespace },
    ];
  throw new DraftError('the image needs the key "in-tree" or "indexed"', ['worker', 'docker-image']);
}

function artifactsOf(worker: Mapping, definition: UnfinishedDefinition): Mapping {
  const entries = (worker['artifacts'] as Mapping[]).map(({ name, path, type }) => [
    name as string,
    { path, type, expires: definition['expires'] },
  ]);
  return Object.fromEntries(entries) as Mapping;
}

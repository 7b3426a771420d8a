import { compareCodePoints } from '../../base/hash.ts';
import { isRunTask } from '../../task/command.ts';
import {
  custom,
  described,
  either,
  flag,
  integer,
  keys,
  listOf,
  oneOf,
  type Shape,
  text,
} from '../load/shape.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import { isMapping, type Mapping, setOwn } from '../values/plain.ts';
import {
  fileFormats,
  folderFormats,
  posixPayload,
  windowsPayload,
} from '../verify/payload/generic-payload.ts';
import { isSet, listAt, mappingAt, type PayloadBuilder, type UnfinishedDefinition } from './payload.ts';
import { cacheKeys, environment, exitCodes, filledText, reference } from './shapes.ts';
import { addCaches } from './wanted-caches.ts';

const command: Shape = custom(
  () => ({ type: 'array' }),
  (value, path, tell) => {
    if (!Array.isArray(value)) tell({ message: '"worker.command" must be a list', path });
  },
);
const isCache = (value: unknown): boolean => isMapping(value) && 'cache-name' in value;
const mount = {
  content: keys({
    optional: {
      artifact: text,
      'task-id': reference,
      namespace: text,
      url: text,
      sha256: text,
      raw: text,
      base64: text,
    },
  }),
  file: text,
  format: oneOf([...new Set([...folderFormats, ...fileFormats])]),
  ...cacheKeys,
};
/** Where a cache is mounted is in its name, so it cannot be left out. */
const cacheMount = { required: { 'cache-name': text, directory: filledText }, optional: mount };
const contentMount = { optional: { ...mount, directory: text } };
const required = {
  implementation: text,
  os: oneOf(['windows', 'macosx', 'linux', 'linux-bitbar']),
  command: described('Lines on Windows, elsewhere lists of words; when "run" does not say it.', command),
  env: described('Environment variables; values are texts.', environment),
  'max-run-time': described('Seconds after which the task is killed.', integer),
  'chain-of-trust': described('Sign what the task made.', flag),
};
const optional = {
  artifacts: described(
    'What is kept of the task.',
    listOf(keys({ required: { type: oneOf(['file', 'directory']), path: text }, optional: { name: text } })),
  ),
  mounts: described(
    'Caches, and files and folders that are there when the task starts.',
    listOf(either(isCache, keys(cacheMount), keys(contentMount))),
  ),
  'retry-exit-status': described('Exit codes with which the task is tried again.', exitCodes),
  'purge-caches-exit-status': described('Exit codes with which its caches are thrown away.', exitCodes),
  'os-groups': described('Groups that the user of the task belongs to.', listOf(text)),
  'run-as-administrator': described('Windows: with the rights of an administrator.', flag),
  'run-task-as-current-user': described('As the user that the worker runs as.', flag),
  'taskcluster-proxy': described('Let the task call Taskcluster with its scopes.', flag),
  'hide-cmd-window': described('Windows: without a window.', flag),
  'skip-artifacts': described('Make no artifacts but those named.', flag),
};

/** What Windows says of a process that a shutdown, or an interrupt, has ended: not the task's own failure. */
const interrupted = [1073807364, 3221225786];

export const genericWorker: PayloadBuilder = {
  shape: keys({ required, optional, unknown: 'allowed' }),
  known: [...Object.keys(required), ...Object.keys(optional)],
  setDefaults(worker) {
    worker['env'] ??= {};
    worker['os-groups'] ??= [];
    worker['chain-of-trust'] ??= false;
  },
  build: buildPayload,
  payloadShape: ({ os }) => (os === 'windows' ? windowsPayload : posixPayload),
};

function buildPayload(context: TransformContext, draft: Draft, definition: UnfinishedDefinition): void {
  const worker = draft['worker'] as Mapping;
  const payload: Mapping = { command: worker['command'], maxRunTime: worker['max-run-time'] };
  definition.payload = payload;
  const env = mappingAt(worker, 'env');
  payload['env'] = env;
  if (isSet(draft['needs-sccache'])) Object.assign(env, { USE_SCCACHE: '1', SCCACHE_IDLE_TIMEOUT: '0' });
  else env['SCCACHE_DISABLE'] = '1';
  const mounts = mountsOf(context, draft, definition);
  if (mounts.length > 0) payload['mounts'] = mounts;
  const onExitStatus: Mapping = {};
  if ('retry-exit-status' in worker) onExitStatus['retry'] = worker['retry-exit-status'];
  if ('purge-caches-exit-status' in worker) onExitStatus['purgeCaches'] = worker['purge-caches-exit-status'];
  if (worker['os'] === 'windows') addCodes(listAt(onExitStatus, 'retry'), interrupted);
  if (Object.keys(onExitStatus).length > 0) payload['onExitStatus'] = onExitStatus;
  const artifacts = ((worker['artifacts'] ?? []) as Mapping[]).map(({ path, type, ...rest }) => ({
    path,
    type,
    ...('name' in rest ? { name: rest['name'] } : {}),
  }));
  if (artifacts.length > 0) payload['artifacts'] = artifacts;
  addFeatures(draft, definition, payload);
}

const keysOfCaches: ReadonlySet<string> = new Set(['cache-name', ...Object.keys(cacheKeys)]);

/** Mounts in the payload's spelling; caches under the names that their records give them. */
function mountsOf(context: TransformContext, draft: Draft, definition: UnfinishedDefinition): Mapping[] {
  const worker = draft['worker'] as Mapping;
  const wanted = (worker['mounts'] ?? []) as readonly Readonly<Mapping>[];
  const caches = wanted.flatMap((entry, i) =>
    'cache-name' in entry
      ? [{ entry, name: entry['cache-name'], place: entry['directory'], path: ['worker', 'mounts', i] }]
      : [],
  );
  const options = { implementation: 'generic-worker', os: String(worker['os']), command: worker['command'] };
  const named = new Map(
    addCaches(context, draft, definition, caches, options).map((cache) => [cache.wanted.path.at(-1), cache]),
  );
  const mounts = wanted.map((entry, i) => {
    const mount: Mapping = {};
    for (const key in entry)
      if (!keysOfCaches.has(key)) setOwn(mount, key, key === 'content' ? contentOf(entry) : entry[key]);
    const cache = named.get(i);
    if (cache !== undefined) {
      mount['cacheName'] = cache.name;
      definition.scopes.push(cache.scope);
    }
    const artifact = isMapping(mount['content']) ? mount['content']['artifact'] : undefined;
    if (typeof artifact === 'string' && !artifact.startsWith('public/')) {
      definition.scopes.push(`queue:get-artifact:${artifact}`);
    }
    return mount;
  });
  if (named.size > 0 && isRunTask(worker['command'])) {
    const env = worker['env'] as Mapping;
    const places = caches.map(({ place }) => String(place)).sort(compareCodePoints);
    env['TASKCLUSTER_CACHES'] = places.join(';');
    if (context.params.level === '1') env['TASKCLUSTER_UNTRUSTED_CACHES'] = '1';
    addCodes(listAt(worker, 'retry-exit-status'), [72]);
    addCodes(listAt(worker, 'purge-caches-exit-status'), [72]);
  }
  return mounts;
}

function contentOf({ content }: Readonly<Mapping>): Mapping {
  const { 'task-id': taskId, ...rest } = content as Mapping;
  return taskId === undefined ? rest : { ...rest, taskId };
}

/** The worker takes no code twice. */
function addCodes(known: unknown[], codes: readonly number[]): void {
  known.push(...codes.filter((code) => !known.includes(code)));
}

function addFeatures(draft: Draft, { scopes }: UnfinishedDefinition, payload: Mapping): void {
  const worker = draft['worker'] as Mapping;
  const workerType = String(draft['worker-type']);
  const groups = (worker['os-groups'] ?? []) as string[];
  if (groups.length > 0) {
    payload['osGroups'] = groups;
    scopes.push(...groups.map((group) => `generic-worker:os-group:${workerType}/${group}`));
  }
  const features: Mapping = {};
  if (isSet(worker['chain-of-trust'])) features['chainOfTrust'] = true;
  if (isSet(worker['taskcluster-proxy'])) features['taskclusterProxy'] = true;
  if (isSet(worker['run-as-administrator'])) {
    features['runAsAdministrator'] = true;
    scopes.push(`generic-worker:run-as-administrator:${workerType}`);
  }
  if (isSet(worker['run-task-as-current-user'])) {
    features['runTaskAsCurrentUser'] = true;
    scopes.push(`generic-worker:run-task-as-current-user:${workerType}`);
  }
  if (isSet(worker['hide-cmd-window'])) features['hideCmdWindow'] = true;
  if (Object.keys(features).length > 0) payload['features'] = features;
}

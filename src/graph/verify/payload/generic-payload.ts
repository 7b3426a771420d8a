import { custom, flag, keys, listOf, oneOf, restricted, type Shape, text } from '../../load/shape.ts';
import { isMapping, type Mapping } from '../../values/plain.ts';
import { distinct, filled, matching, moment, texts, wholeFrom, workerText } from './parts.ts';

export const fileFormats = ['br', 'bz2', 'gz', 'lz', 'lz4', 'mz', 'sz', 'xz', 'zst', 'zz'];
export const folderFormats = ['7z', 'rar', 'tar', ...fileFormats.map((format) => `tar.${format}`), 'zip'];

const digest = matching('a SHA-256 in 64 hex digits', /^[a-f0-9]{64}$/);
/** Where content comes from, by the key that says it. */
const contents: readonly (readonly [key: string, shape: Shape])[] = [
  ['url', keys({ required: { url: workerText }, optional: { sha256: digest } })],
  ['raw', keys({ required: { raw: workerText } })],
  ['base64', keys({ required: { base64: matching('base64', /^[A-Za-z0-9/+]+={0,2}$/) } })],
  ['namespace', keys({ required: { namespace: text, artifact: text } })],
  ['artifact', keys({ required: { taskId: workerText, artifact: text }, optional: { sha256: digest } })],
];
const content: Shape = custom(
  () => ({}),
  (value, path, tell) => {
    const found = contents.find(([key]) => isMapping(value) && key in value);
    if (found !== undefined) return found[1](value, path, tell);
    const message = `"${path.join('.')}" does not say where the content comes from`;
    tell({ message, path, hint: 'an artifact of a task, or a url' });
  },
);

const file = keys({ required: { file: text, content }, optional: { format: oneOf(fileFormats) } });
const folder = keys({ required: { directory: text, content, format: oneOf(folderFormats) } });
const cache: Shape = restricted(
  keys({
    required: { directory: text, cacheName: workerText },
    optional: { content, format: oneOf(folderFormats) },
  }),
  (value, path, tell) => {
    const { content: given, format } = value as Mapping;
    if ((given === undefined) === (format === undefined)) return;
    tell({ message: `"${path.join('.')}" needs both "content" and "format", or neither`, path });
  },
);
const mount: Shape = custom(
  () => ({}),
  (value, path, tell) => {
    const given = isMapping(value) ? value : {};
    const shape = 'cacheName' in given ? cache : 'file' in given ? file : folder;
    shape(value, path, tell);
  },
);

const artifact = keys({
  required: { type: oneOf(['file', 'directory']), path: text },
  optional: {
    name: text,
    expires: moment,
    contentType: text,
    contentEncoding: oneOf(['identity', 'gzip']),
    optional: flag,
  },
});

const everywhere = [
  'backingLog',
  'chainOfTrust',
  'interactive',
  'liveLog',
  'resourceMonitor',
  'runTaskAsCurrentUser',
  'taskclusterProxy',
];

function payload(command: Shape, features: readonly string[], more: Readonly<Record<string, Shape>>): Shape {
  return keys({
    required: { command, maxRunTime: wholeFrom(1) },
    optional: {
      artifacts: distinct(artifact),
      env: texts,
      features: keys({ optional: Object.fromEntries(features.map((name) => [name, flag])) }),
      logs: keys({ optional: { live: text, backing: text } }),
      mounts: listOf(mount),
      onExitStatus: keys({
        optional: { retry: distinct(wholeFrom(1)), purgeCaches: distinct(wholeFrom(0)) },
      }),
      osGroups: distinct(text),
      supersederUrl: text,
      taskclusterProxyInterface: oneOf(['localhost', 'docker-bridge']),
      ...more,
    },
  });
}

const lines = filled(listOf(workerText));
const wordLists = filled(listOf(filled(listOf(workerText))));

/** What generic-worker takes on Windows: every command is a line. */
export const windowsPayload: Shape = payload(lines, [...everywhere, 'hideCmdWindow', 'runAsAdministrator'], {
  rdpInfo: text,
});

/** What generic-worker takes elsewhere: every command is a list of words. */
export const posixPayload: Shape = payload(wordLists, [...everywhere, 'loopbackAudio', 'loopbackVideo'], {});

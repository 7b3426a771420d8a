import { custom, flag, integer, keys, listOf, mapOf, oneOf, type Shape, text } from '../../load/shape.ts';
import { isMapping } from '../../values/plain.ts';
import { moment, referencedTexts, texts, wholeFrom, workerText } from './parts.ts';

const images: ReadonlyMap<string, Shape> = new Map([
  ['docker-image', keys({ required: { type: text, name: text } })],
  ['indexed-image', keys({ required: { type: text, namespace: text, path: text } })],
  ['task-image', keys({ required: { type: text, taskId: workerText, path: text } })],
]);
const otherImage = keys({ required: { type: oneOf([...images.keys()]) }, unknown: 'allowed' });

const image = custom(
  () => ({}),
  (value, path, tell) => {
    const shape = isMapping(value) ? (images.get(String(value['type'])) ?? otherImage) : text;
    shape(value, path, tell);
  },
);
const artifact = keys({
  required: { type: oneOf(['file', 'directory', 'volume']), path: text },
  optional: { expires: moment },
});
const features = [
  'allowPtrace',
  'artifacts',
  'bulkLog',
  'chainOfTrust',
  'dind',
  'dockerSave',
  'interactive',
  'localLiveLog',
  'taskclusterProxy',
];
const devices = ['hostSharedMemory', 'kvm', 'loopbackAudio', 'loopbackVideo'];

function flags(names: readonly string[]): Readonly<Record<string, Shape>> {
  return Object.fromEntries(names.map((name) => [name, flag]));
}

/** What docker-worker takes, and generic-worker in its place. */
export const dockerPayload: Shape = keys({
  required: { image, maxRunTime: wholeFrom(1) },
  optional: {
    artifacts: mapOf(artifact),
    cache: referencedTexts,
    capabilities: keys({
      optional: { privileged: flag, disableSeccomp: flag, devices: keys({ optional: flags(devices) }) },
    }),
    command: listOf(workerText),
    env: texts,
    features: keys({ optional: flags(features) }),
    log: text,
    onExitStatus: keys({ optional: { retry: listOf(integer), purgeCaches: listOf(integer) } }),
    supersederUrl: text,
  },
});

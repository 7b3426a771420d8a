import { posix } from 'node:path';
import { isObject, PayloadReader } from './reader.ts';
import type { ArtifactRequest, Work } from './work.ts';

/** docker-worker's payload. Throws a PayloadError with everything that is wrong with it. */
export function readDockerWorkerPayload(payload: Readonly<Record<string, unknown>>): Work {
  const reader = new PayloadReader(payload);
  const capabilities = reader.inner('capabilities');
  const features = reader.inner('features');
  if (capabilities.flag('privileged', false))
    reader.refuse('payload.capabilities.privileged is refused here');
  for (const [name] of capabilities.members('devices')) {
    if (capabilities.inner('devices').get(name) === true)
      reader.refuse(`payload.capabilities.devices.${name} is not there`);
  }
  if (features.flag('interactive', false)) reader.refuse('payload.features.interactive is not built yet');
  const remarks: string[] = [];
  if (features.flag('taskclusterProxy', false)) {
    remarks.push(
      'features.taskclusterProxy: the proxy only answers reads of public artifacts and of the index',
    );
  }
  if (features.flag('chainOfTrust', false))
    remarks.push('features.chainOfTrust is left out: nothing is signed');
  const caches = Object.entries(isObject(payload['cache']) ? payload['cache'] : {}).map(([name, path]) => ({
    name,
    mountPoint: absolute(reader, `cache.${name}`, path),
  }));
  const onExitStatus = reader.inner('onExitStatus');
  const command = reader.texts('command');
  const image = imageName(payload['image']);
  if (image === null) reader.wrong('image', 'a string or an object', payload['image']);
  if (command.length === 0 && image !== null) {
    reader.refuse(`payload.command is absent: the command of the image ${image} itself needs Docker`);
  }
  const work: Work = {
    implementation: 'docker-worker',
    commands: [command],
    env: reader.environment('env'),
    maxRunTime: reader.count('maxRunTime'),
    caches,
    content: [],
    artifacts: reader.members('artifacts').map(([name, artifact]) => readArtifact(name, artifact)),
    onExitStatus: { retry: onExitStatus.numbers('retry'), purgeCaches: onExitStatus.numbers('purgeCaches') },
    image,
    logNames: [reader.text('log', 'public/logs/live.log')],
    allowPtrace: features.flag('allowPtrace', false),
    remarks,
  };
  reader.finish();
  return work;
}

function absolute(reader: PayloadReader, key: string, value: unknown): string {
  if (typeof value === 'string' && posix.isAbsolute(value)) return value;
  reader.wrong(key, 'an absolute path', value);
  return '/';
}

function readArtifact(name: string, artifact: PayloadReader): ArtifactRequest {
  const type = artifact.text('type');
  if (type !== 'file' && type !== 'directory' && type !== 'volume')
    artifact.wrong('type', 'file, directory or volume', type);
  return {
    name,
    type: type === 'file' ? 'file' : 'directory',
    path: artifact.text('path'),
    expires: artifact.has('expires') ? artifact.text('expires') : null,
    contentType: null,
    optional: false,
  };
}

function imageName(image: unknown): string | null {
  if (typeof image === 'string') return image;
  if (!isObject(image)) return null;
  return [image['type'], image['namespace'] ?? image['taskId'] ?? image['name'], image['path']]
    .filter(Boolean)
    .join(' ');
}

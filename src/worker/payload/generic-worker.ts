import { PayloadReader } from './reader.ts';
import type { ArtifactRequest, MountedContent, Work } from './work.ts';

/** generic-worker's payload for POSIX. Throws a PayloadError with everything that is wrong with it. */
export function readGenericWorkerPayload(payload: Readonly<Record<string, unknown>>): Work {
  const reader = new PayloadReader(payload);
  const features = reader.inner('features');
  const onExitStatus = reader.inner('onExitStatus');
  const logs = reader.inner('logs');
  const caches: { name: string; mountPoint: string }[] = [];
  const content: MountedContent[] = [];
  for (const mount of reader.items('mounts')) {
    if (mount.has('cacheName')) {
      caches.push({ name: mount.text('cacheName'), mountPoint: relative(mount, 'directory') });
      if (mount.has('content')) mount.refuse('mounts: content that fills a new cache is not built yet');
    } else if (mount.has('file')) {
      content.push(readContent(mount));
    } else {
      mount.refuse('mounts: a directory with unpacked content is not built yet: use fetches');
    }
  }
  if (features.flag('interactive', false)) reader.refuse('payload.features.interactive is not built yet');
  if (reader.texts('osGroups').length > 0) reader.refuse('payload.osGroups is refused here');
  const work: Work = {
    implementation: 'generic-worker',
    commands: readCommands(reader),
    env: reader.environment('env'),
    maxRunTime: reader.count('maxRunTime'),
    caches,
    content,
    artifacts: reader.items('artifacts').map(readArtifact),
    onExitStatus: { retry: onExitStatus.numbers('retry'), purgeCaches: onExitStatus.numbers('purgeCaches') },
    image: null,
    logNames: [
      logs.text('backing', 'public/logs/live_backing.log'),
      logs.text('live', 'public/logs/live.log'),
    ],
    allowPtrace: false,
    remarks: [],
  };
  reader.finish();
  return work;
}

function readCommands(reader: PayloadReader): string[][] {
  const commands = reader.get('command');
  const good = Array.isArray(commands) && commands.length > 0 && commands.every(isCommand);
  if (!good) reader.wrong('command', 'a list of lists of strings', commands);
  return good ? (commands as string[][]) : [];
}

function isCommand(command: unknown): boolean {
  return Array.isArray(command) && command.length > 0 && command.every((word) => typeof word === 'string');
}

function relative(mount: PayloadReader, key: string): string {
  const path = mount.text(key);
  const bad = path === '' || path.startsWith('/') || path.split('/').includes('..');
  if (bad) mount.wrong(key, 'a path inside the task directory', path);
  return path;
}

function readContent(mount: PayloadReader): MountedContent {
  const content = mount.inner('content');
  if (mount.has('format')) mount.refuse('mounts: compressed files are not built yet');
  const sha256 = content.has('sha256') ? content.text('sha256') : null;
  const file = relative(mount, 'file');
  if (content.has('artifact') && content.has('taskId')) {
    const source = {
      kind: 'artifact',
      taskId: content.text('taskId'),
      artifact: content.text('artifact'),
    } as const;
    return { file, source, sha256 };
  }
  if (content.has('url')) {
    const url = content.text('url');
    if (!/^https?:\/\//.test(url)) content.wrong('url', 'an address with http or https', url);
    return { file, source: { kind: 'url', url }, sha256 };
  }
  const encoding = content.has('base64') ? 'base64' : 'utf8';
  if (encoding === 'utf8' && !content.has('raw')) {
    content.refuse('mounts: only content from {taskId, artifact}, url, raw and base64 is built');
    return { file, source: { kind: 'bytes', bytes: new Uint8Array() }, sha256 };
  }
  const bytes = Buffer.from(content.text(encoding === 'base64' ? 'base64' : 'raw'), encoding);
  return { file, source: { kind: 'bytes', bytes }, sha256 };
}

function readArtifact(artifact: PayloadReader): ArtifactRequest {
  const type = artifact.text('type');
  const path = artifact.text('path');
  if (type !== 'file' && type !== 'directory') artifact.wrong('type', 'file or directory', type);
  return {
    name: artifact.text('name', path),
    type: type === 'file' ? 'file' : 'directory',
    path,
    expires: artifact.has('expires') ? artifact.text('expires') : null,
    contentType: artifact.has('contentType') ? artifact.text('contentType') : null,
    optional: artifact.flag('optional', false),
  };
}

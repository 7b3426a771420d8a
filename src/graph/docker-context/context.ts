import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { DockerContextError } from './context-error.ts';
import type { ContextFiles } from './context-files.ts';
import { readDockerfile } from './dockerfile.ts';
import { type ArchiveEntry, archive } from './tar.ts';

/** Which context: a folder with a Dockerfile, relative to the repository's top, and the arguments of its `# %ARG`s. */
export interface ContextRequest {
  readonly folder: string;
  readonly args: Readonly<Record<string, string>>;
}

/** Paths in the archive to what is there. */
export type ContextEntries = Map<string, () => ArchiveEntry>;

/** What is known of the two programs that `# %include-run-task` adds. */
type OfPrograms<T> = Readonly<Record<'run-task' | 'fetch-content', T>>;
export type WrapperFiles = OfPrograms<() => ArchiveEntry>;
/** SHA-256 of the bundles, 64 hex digits. */
export type WrapperDigests = OfPrograms<string>;

/**
 * The SHA-256, 64 hex digits, of a docker context: of the archive of its files, in which the wrapper's programs are represented
 * by their digests. It depends on nothing but names, contents and x bits: no umask, no ignored file, no time. Throws
 * DockerContextError.
 */
export function contextHash(files: ContextFiles, request: ContextRequest, wrapper: WrapperDigests): string {
  const digestOf = (name: keyof WrapperDigests) => () => text(`${name} ${wrapper[name]}\n`, true);
  const entries = contextEntries(files, request, {
    'run-task': digestOf('run-task'),
    'fetch-content': digestOf('fetch-content'),
  });
  const hash = createHash('sha256');
  for (const piece of archive(entries)) hash.update(piece);
  return hash.digest('hex');
}

/** The archive of a docker context, not compressed, as an image builder needs it. Throws DockerContextError. */
export function contextArchive(files: ContextFiles, request: ContextRequest, wrapper: WrapperFiles): Buffer {
  return Buffer.concat([...archive(contextEntries(files, request, wrapper))]);
}

function contextEntries(files: ContextFiles, request: ContextRequest, wrapper: WrapperFiles): ContextEntries {
  const { folder, args } = request;
  if (files.kindOf(`${folder}/Dockerfile`) !== 'file') {
    throw new DockerContextError(`there is no file "${folder}/Dockerfile"`);
  }
  const entries: ContextEntries = new Map();
  for (const path of files.list(folder)) entries.set(path, () => files.read(`${folder}/${path}`));

  const source = Buffer.from(files.read(`${folder}/Dockerfile`).content).toString('utf8');
  const dockerfile = readDockerfile(source, args);
  for (const path of dockerfile.includes) include(files, path, entries);
  if (dockerfile.includesRunTask) {
    entries.set('run-task/run-task', wrapper['run-task']);
    entries.set('run-task/fetch-content', wrapper['fetch-content']);
  }
  entries.set('Dockerfile', () => text(dockerfile.text, false));
  return entries;
}

function include(files: ContextFiles, path: string, entries: ContextEntries): void {
  if (path.startsWith('/')) throw new DockerContextError(`"# %include ${path}": the path must be relative`);
  const normal = posix.normalize(path).replace(/^\.$|\/+$/g, '');
  if (normal === '..' || normal.startsWith('../')) {
    throw new DockerContextError(`"# %include ${path}" leads out of the repository`);
  }
  const kind = files.kindOf(normal);
  if (kind === null) throw new DockerContextError(`"# %include ${path}": there is nothing of that name`);
  if (kind === 'file') {
    entries.set(posix.join('topsrcdir', normal), () => files.read(normal));
    return;
  }
  for (const member of files.list(normal)) {
    const full = posix.join(normal, member);
    entries.set(posix.join('topsrcdir', full), () => files.read(full));
  }
}

function text(content: string, executable: boolean): ArchiveEntry {
  return { content: Buffer.from(content), executable };
}

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { fail } from '../../base/failure.ts';
import { contextArchive, type ContextRequest } from '../../graph/docker-context/context.ts';
import { ContextFiles } from '../../graph/docker-context/context-files.ts';
import type { ArchiveEntry } from '../../graph/docker-context/tar.ts';
import type { RunTaskBundle } from '../run-task-bundle.ts';
import { ArtifactFolder } from './artifact-folder.ts';

/**
 * Writes `<image>.tar.gz` for every image that is built in-tree: what the tasks that build them download. The bytes depend
 * on the files' names, contents and x bits only.
 */
export function writeDockerContexts(
  repository: string,
  contexts: ReadonlyMap<string, ContextRequest>,
  bundle: RunTaskBundle,
  folder: string,
): void {
  if (contexts.size === 0) return;
  const target = new ArtifactFolder(folder);
  const files = new ContextFiles(repository);
  const program = (path: string) => (): ArchiveEntry => ({
    content: readFileSync(path),
    executable: true,
  });
  const wrapper = {
    'run-task': program(bundle.path),
    'fetch-content': program(bundle.fetchContent.path),
  };
  for (const [image, request] of contexts) {
    if (image.includes('/'))
      fail('configuration', `the image "${image}" cannot have a slash in its name: its context is a file`);
    // gzip has no time and no name in its header here.
    target.writeText(`${image}.tar.gz`, gzipSync(contextArchive(files, request, wrapper), { level: 9 }));
  }
}

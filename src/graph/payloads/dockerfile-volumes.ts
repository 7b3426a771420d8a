import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { isUnreadable } from '../values/unreadable.ts';
import { compareCodePoints } from '../../base/hash.ts';
import { didYouMean } from '../../base/suggest.ts';
import { readYaml } from '../load/yaml-file.ts';
import { DraftError } from '../transforms/draft-step.ts';
import type { TransformContext } from '../transforms/transform.ts';
import { isMapping } from '../values/plain.ts';
import { remembered } from '../values/remembered.ts';

/** Volumes that the Dockerfile of an in-tree image declares, sorted; read once for all tasks of a kind. */
export const dockerfileVolumes = remembered((context: TransformContext, image): readonly string[] => {
  const path = posix.join(context.root, 'docker', imageFolder(context, image), 'Dockerfile');
  const volumes = new Set<string>();
  for (const line of readLines(context, path, image)) {
    const match = /^VOLUME\s+(.*)$/.exec(line.trim());
    if (match === null) continue;
    if (match[1]!.startsWith('[')) {
      const hint = 'write "VOLUME /a /b" instead of a list';
      throw new DraftError(`${path} declares volumes as a list`, ['worker', 'docker-image'], hint);
    }
    for (const volume of match[1]!.split(/\s+/)) volumes.add(volume);
  }
  return [...volumes].sort(compareCodePoints);
});

/** Below `docker/`; `definition` in the kind of images lets several share one. */
function imageFolder(context: TransformContext, image: string): string {
  const root = resolve(context.repository, context.root);
  const name = context.graphConfig['docker-image-kind'] ?? 'docker-image';
  const kind = join(root, 'kinds', name, 'kind.yml');
  const read = existsSync(kind) ? readYaml(kind, kind) : null;
  const tasks = read?.ok && isMapping(read.value.value) ? read.value.value['tasks'] : undefined;
  const task = isMapping(tasks) ? tasks[image] : undefined;
  return isMapping(task) && typeof task['definition'] === 'string' ? task['definition'] : image;
}

function readLines({ repository, root }: TransformContext, path: string, image: string): string[] {
  try {
    return readFileSync(resolve(repository, path), 'utf8').split('\n');
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    const folder = resolve(repository, root, 'docker');
    const hint = existsSync(folder) ? didYouMean(image, readdirSync(folder)) : undefined;
    throw new DraftError(
      `there is no image "${image}": ${path} is not there`,
      ['worker', 'docker-image', 'in-tree'],
      hint,
    );
  }
}

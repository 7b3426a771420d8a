import { cachedTasks } from './cached-tasks.ts';
import { chunking } from './chunking.ts';
import { codeReview } from './code-review.ts';
import { dockerImage } from './docker-image.ts';
import { fetch } from './fetch.ts';
import { fromDeps } from './from-deps.ts';
import { matrix } from './matrix.ts';
import { notify } from './notify.ts';
import { run } from './run/run.ts';
import { task } from './task/task.ts';
import { taskContext } from './task-context.ts';
import type { Transform } from './transform.ts';

/** Transforms by the dotted path that kind.yml has for them. */
export const transforms: ReadonlyMap<string, Transform> = new Map<string, Transform>([
  ['taskgraph.transforms.cached_tasks', cachedTasks],
  ['taskgraph.transforms.chunking', chunking],
  ['taskgraph.transforms.code_review', codeReview],
  ['taskgraph.transforms.docker_image', dockerImage],
  ['taskgraph.transforms.fetch', fetch],
  ['taskgraph.transforms.from_deps', fromDeps],
  ['taskgraph.transforms.matrix', matrix],
  ['taskgraph.transforms.notify', notify],
  ['taskgraph.transforms.run', run],
  ['taskgraph.transforms.task', task],
  ['taskgraph.transforms.task_context', taskContext],
]);

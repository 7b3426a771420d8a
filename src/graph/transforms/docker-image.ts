import { posix } from 'node:path';
import { compareCodePoints } from '../../base/hash.ts';
import { contextHash } from '../docker-context/context.ts';
import { ContextFiles } from '../docker-context/context-files.ts';
import {
  described,
  either,
  flag,
  integer,
  keys,
  listOf,
  mapOf,
  nullable,
  oneOf,
  type Shape,
  text,
} from '../load/shape.ts';
import { isMapping, own } from '../values/plain.ts';
import { pythonJson } from '../values/python-json.ts';
import { DraftError, inField, stepThrough } from './draft-step.ts';
import { shaped } from './draft-shape.ts';
import type { Draft, Transform, TransformContext } from './transform.ts';

/** Builds images and is pinned by content, so that it can be part of what an image is cached under. */
const imageBuilder =
  'mozillareleases/image_builder:6.2.0@sha256:f7df722770d6caadea79b2de458e072d8b3d93e59675b34dffb32c3e7e30f5b9';

const index = keys({
  optional: {
    product: nullable(text),
    'job-name': nullable(text),
    type: text,
    rank: either(Number.isInteger, integer, oneOf(['by-tier', 'build_date'])),
  },
});

/** Keys of a task that `docker_image` knows. */
export const dockerImageKeys: Readonly<Record<string, Shape>> = {
  name: text,
  parent: described('The image that this one is built upon.', nullable(text)),
  symbol: described('The symbol on Treeherder.', nullable(text)),
  'task-from': nullable(text),
  args: described('Build arguments.', nullable(mapOf(text))),
  definition: described('The folder below docker/; default: the name.', nullable(text)),
  packages: described('Tasks of kind "packages" whose results are needed.', nullable(listOf(text))),
  index: nullable(index),
  cache: described('Whether an indexed image with the same content is used; default: true.', nullable(flag)),
};
const shape = keys({ optional: dockerImageKeys });

/** Makes of the few keys that describe an image the task that builds it from its folder below `docker/`. */
export const dockerImage: Transform = function* (context, drafts) {
  const files = new ContextFiles(context.repository);
  const folder = posix.join(posix.normalize(context.root.replaceAll('\\', '/')), 'docker');
  if (files.kindOf(folder) === 'folder') files.list(folder);
  const packages = packageNames(context);
  const right = shaped(context, drafts, { required: ['name'], shape });
  yield* stepThrough(context, right, (draft) => {
    const image = readImage(draft, packages);
    const request = { folder: posix.join(folder, image.definition), args: image.args };
    const hash = inField(['definition'], () => contextHash(files, request, context.wrapper));
    context.imageContexts.set(image.name, request);
    return imageTask(context, draft, image, hash);
  });
};

interface Image {
  readonly name: string;
  readonly definition: string;
  readonly args: Readonly<Record<string, string>>;
  readonly packages: readonly string[];
  readonly parent: string | undefined;
}

function readImage(draft: Draft, available: ReadonlySet<string>): Image {
  const name = String(draft.name);
  const packages = (own(draft, 'packages') ?? []) as readonly string[];
  for (const [index, needed] of packages.entries()) {
    if (!available.has(needed)) {
      throw new DraftError(`there is no task that makes package "${needed}"`, ['packages', index]);
    }
  }
  return {
    name,
    definition: (own(draft, 'definition') ?? name) as string,
    args: (own(draft, 'args') ?? {}) as Record<string, string>,
    packages,
    parent: (own(draft, 'parent') ?? undefined) as string | undefined,
  };
}

function packageNames(context: TransformContext): Set<string> {
  const tasks = [...context.kindDependenciesTasks.values()].filter((task) => task.kind === 'packages');
  return new Set(tasks.map((task) => task.label.replaceAll('packages-', '')));
}

function imageTask(context: TransformContext, draft: Draft, image: Image, hash: string): Draft {
  const { name, args, packages, parent } = image;
  const { params, graphConfig } = context;
  const buildArgs = { ...args, DOCKER_IMAGE_PACKAGES: packages.map((needed) => `<${needed}>`).join(' ') };
  const dependencies: Record<string, string> = {};
  for (const needed of [...packages].sort(compareCodePoints)) dependencies[needed] = `packages-${needed}`;
  if (parent) dependencies.parent = `docker-image-${parent}`;

  const task: Draft = {
    label: `docker-image-${name}`,
    description: `Build the docker image ${name} for use by dependent tasks`,
    attributes: { image_name: name, artifact_prefix: 'public' },
    'always-target': true,
    'expires-after': params.level === '1' ? (graphConfig['task-expires-after'] ?? '28 days') : '1 year',
    scopes: [],
    'run-on-projects': [],
    'worker-type': 'images',
    worker: {
      implementation: 'docker-worker',
      os: 'linux',
      artifacts: [{ type: 'file', path: '/workspace/out/image.tar.zst', name: 'public/image.tar.zst' }],
      env: {
        CONTEXT_TASK_ID: { 'task-reference': '<decision>' },
        CONTEXT_PATH: `public/docker-contexts/${name}.tar.gz`,
        HASH: hash,
        PROJECT: params.project,
        IMAGE_NAME: name,
        // Images of higher levels are read more often than they are built: smaller is worth the time.
        DOCKER_IMAGE_ZSTD_LEVEL: Number(params.level) === 1 ? '3' : '10',
        DOCKER_BUILD_ARGS: { 'task-reference': pythonJson(buildArgs, { compact: true }) },
        VCS_BASE_REPOSITORY: params.base_repository,
        VCS_HEAD_REPOSITORY: params.head_repository,
        VCS_HEAD_REV: params.head_rev,
        VCS_REPOSITORY_TYPE: params.repository_type,
        ...(parent ? { PARENT_TASK_ID: { 'task-reference': '<parent>' } } : {}),
      },
      'chain-of-trust': true,
      'max-run-time': 7200,
      'docker-image': imageBuilder,
    },
  };
  if (Object.keys(dependencies).length > 0) task.dependencies = dependencies;
  if (isMapping(draft.index)) task.index = draft.index;
  if (draft.symbol) {
    task.treeherder = { symbol: draft.symbol, platform: 'taskcluster-images/opt', kind: 'other', tier: 1 };
  }
  if (!Object.hasOwn(draft, 'cache') || draft.cache === true) {
    task.cache = {
      type: 'docker-images.v2',
      name,
      'digest-data': [
        hash,
        pythonJson(args, { compact: true, sortKeys: true }),
        `image-builder-image:${imageBuilder}`,
      ],
    };
  }
  return task;
}

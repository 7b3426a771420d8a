import { drawSchema, type JsonSchema, keys, type Shape } from '../load/shape.ts';
import { payloadBuilders } from '../payloads/builders.ts';
import type { Mapping } from '../values/plain.ts';
import { cachedTasksKeys } from '../transforms/cached-tasks.ts';
import { chunkingKeys } from '../transforms/chunking.ts';
import { dockerImageKeys } from '../transforms/docker-image.ts';
import { fetchKeys } from '../transforms/fetch.ts';
import { fromDepsKeys } from '../transforms/from-deps.ts';
import { matrixKeys } from '../transforms/matrix.ts';
import { notifyKeys } from '../transforms/notify.ts';
import { transforms } from '../transforms/registry.ts';
import { runKeys, runUsing } from '../transforms/run/run.ts';
import { descriptionKeys, namingKeys } from '../transforms/task/task-shape.ts';
import { taskContextKeys } from '../transforms/task-context.ts';
import { conditional } from './conditional.ts';

/** Names of transforms as kind.yml may have them. */
export function builtInTransforms(): string[] {
  return [...transforms.keys()].flatMap((name) => [name, `${name}:transforms`]);
}

/** Later ones count: what a task description says is more than what a special kind says of the same key. */
const taskKeys: Readonly<Record<string, Shape>> = {
  ...dockerImageKeys,
  ...fetchKeys,
  ...matrixKeys,
  ...chunkingKeys,
  ...fromDepsKeys,
  ...taskContextKeys,
  ...notifyKeys,
  ...cachedTasksKeys,
  ...descriptionKeys,
  ...runKeys,
  ...namingKeys,
};

/** Keys of a task when no plugin knows of others. */
export function knownTaskKeys(): string[] {
  return [...new Set([...Object.keys(taskKeys), 'run', 'worker'])];
}

/**
 * A task in kind.yml, or what its defaults say of it. Keys that mean one thing in one kind and another in others may be
 * either.
 */
export function taskSchema(): JsonSchema {
  const { properties } = drawSchema(keys({ optional: taskKeys })) as {
    properties: Record<string, JsonSchema>;
  };
  return {
    type: 'object',
    properties: {
      ...properties,
      cache: either(cachedTasksKeys['cache'], dockerImageKeys['cache']),
      index: either(descriptionKeys['index'], dockerImageKeys['index']),
      attributes: either(descriptionKeys['attributes'], fetchKeys['attributes']),
      run: runSchema(),
      worker: workerSchema(),
    },
  };
}

function either(first: Shape | undefined, second: Shape | undefined): JsonSchema {
  const { description, ...schema } = drawSchema(first!);
  const { description: _, ...other } = drawSchema(second!);
  return { ...(description === undefined ? {} : { description }), anyOf: [schema, other] };
}

/** `using` decides which keys there are; another one than ours may have others. */
function runSchema(): JsonSchema {
  const known = [...runUsing.keys()];
  const { properties } = union([...runUsing.values()].map(({ shape }) => shape));
  return {
    description: 'What the task runs.',
    type: 'object',
    properties: {
      ...properties,
      using: { description: `${known.join(', ')}, or one of a plugin.`, type: 'string' },
    },
    ...conditional(
      { properties: { using: { enum: known } } },
      { propertyNames: { enum: Object.keys(properties) } },
    ),
  };
}

/** The alias of the worker type, in config.yml, decides; an image or mounts say it too. */
function workerSchema(): JsonSchema {
  const docker = drawSchema(payloadBuilders.get('docker-worker')!.shape);
  const generic = drawSchema(payloadBuilders.get('generic-worker')!.shape);
  const closed = ({ properties }: JsonSchema): JsonSchema => ({
    propertyNames: { enum: Object.keys(properties as Mapping) },
  });
  return {
    description: 'How the worker runs it; the keys are those of its implementation.',
    type: 'object',
    properties: union([...payloadBuilders.values()].map(({ shape }) => shape)).properties,
    allOf: [
      conditional({ required: ['docker-image'] }, closed(docker)),
      conditional({ required: ['mounts'] }, closed(generic)),
    ],
  };
}

/** Every key of some shapes; one that several have is either. */
function union(shapes: readonly Shape[]): { properties: Record<string, JsonSchema> } {
  const found = new Map<string, JsonSchema[]>();
  for (const shape of shapes) {
    const { properties } = drawSchema(shape) as { properties: Record<string, JsonSchema> };
    for (const [key, schema] of Object.entries(properties)) {
      const others = found.get(key) ?? [];
      if (!others.some((other) => withoutWords(other) === withoutWords(schema))) others.push(schema);
      found.set(key, others);
    }
  }
  return {
    properties: Object.fromEntries(
      [...found].map(([key, [first, ...more]]) => [
        key,
        more.length === 0 ? first! : { anyOf: [first!, ...more] },
      ]),
    ),
  };
}

function withoutWords({ description: _, ...schema }: JsonSchema): string {
  return JSON.stringify(schema);
}

import { loaders } from '../kind-pipeline.ts';
import { configShape } from '../load/config-file.ts';
import { kindKeys } from '../load/kind-file.ts';
import { drawSchema, type JsonSchema, keys } from '../load/shape.ts';
import { conditional } from './conditional.ts';
import { allowKeyed, byChoice } from './keyed.ts';
import { builtInTransforms, knownTaskKeys, taskSchema } from './task-schema.ts';

export type Document = 'config' | 'kind';

const draft = 'http://json-schema.org/draft-07/schema#';

/**
 * What an editor has to know of a file, as JSON Schema (draft-07, which YAML language servers read): drawn from the
 * shapes that the compiler checks with. Where a plugin may add something, nothing is refused.
 */
export function schemaOf(document: Document): JsonSchema {
  return document === 'config' ? configSchema() : kindSchema();
}

function configSchema(): JsonSchema {
  return { $schema: draft, title: 'config.yml of a task graph', ...drawSchema(configShape) };
}

/** A task may say whatever a transform of its kind reads; which these are is known when all of them are built in. */
function kindSchema(): JsonSchema {
  const { tasks, 'task-defaults': defaults, ...others } = kindKeys;
  const { properties } = drawSchema(keys({ optional: others }));
  const tasksOf = (task: string): JsonSchema => ({
    tasks: { ...drawSchema(tasks!), additionalProperties: { $ref: `#/definitions/${task}` } },
    'task-defaults': {
      ...drawSchema(defaults!),
      allOf: [{ $ref: `#/definitions/${task}` }],
    },
  });
  return {
    $schema: draft,
    title: 'kind.yml of a task graph',
    type: 'object',
    properties,
    ...conditional(
      {
        properties: {
          loader: { enum: Object.keys(loaders) },
          transforms: { items: { enum: builtInTransforms() } },
        },
      },
      { properties: tasksOf('task') },
      { properties: tasksOf('anyTask') },
    ),
    definitions: {
      by: byChoice,
      task: { allOf: [{ $ref: '#/definitions/anyTask' }], propertyNames: { enum: knownTaskKeys() } },
      anyTask: allowKeyed(taskSchema()),
    },
  };
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isUnreadable } from '../values/unreadable.ts';
import { didYouMean } from '../../base/suggest.ts';
import {
  anything,
  described,
  either,
  flag,
  keys,
  listOf,
  mapOf,
  nullable,
  type Shape,
  text,
} from '../load/shape.ts';
import { parseYaml } from '../load/yaml-file.ts';
import { resolveKeyedBy } from '../values/keyed-by.ts';
import { isMapping, type Mapping, own } from '../values/plain.ts';
import { pythonText } from '../values/python-text.ts';
import { deepGet, substituteFields } from '../values/substitute.ts';
import { DraftError, inField, stepThrough } from './draft-step.ts';
import { shaped } from './draft-shape.ts';
import type { Draft, Transform, TransformContext } from './transform.ts';

const keyedByShape = keys({
  optional: { defer: nullable(listOf(text)), 'enforce-single-match': nullable(flag) },
});
const contextShape = keys({
  required: {
    'substitution-fields': described('Fields, with dots, in which {name} is filled in.', listOf(text)),
  },
  optional: {
    'from-parameters': described(
      'Names to parameters, or to lists of them.',
      mapOf(either(Array.isArray, listOf(text), text)),
    ),
    'from-file': described('A YAML file with values.', nullable(text)),
    'from-object': described('Names to values.', mapOf(anything)),
    'from-custom': described('Providers of values.', nullable(listOf(text))),
    'resolve-keyed-by-options': described('How by-* in the fields is answered.', nullable(keyedByShape)),
  },
});

/** Keys of a task that `task_context` knows. */
export const taskContextKeys: Readonly<Record<string, Shape>> = {
  'task-context': described('Values that are filled in where a field has {name}.', nullable(contextShape)),
};
const shape = keys({ optional: taskContextKeys, unknown: 'allowed' });

/**
 * `task-context`: puts values in the place of `{name}` in `substitution-fields`, after `by-*` mappings in them have been
 * answered with the same values. Values come, the first wins, from parameters, `from-object` and `from-file`.
 */
export const taskContext: Transform = (context, drafts) => {
  const files = new Map<string, Mapping>();
  return stepThrough(context, shaped(context, drafts, { shape }), (draft) => {
    const { 'task-context': config, ...task } = draft;
    if (!isMapping(config)) return task;
    const values = valuesOf(context, task, config, files);
    const fields = (own(config, 'substitution-fields') ?? []) as readonly string[];
    const options = keyedByOptions(config);
    const name = pythonText(task.name ?? task.label ?? '?');
    return inField(['task-context'], () => {
      for (const field of fields) resolveKeyedBy(task, field, name, values, options);
      substituteFields(task, fields, values);
      return task;
    });
  });
};

function keyedByOptions(config: Mapping): { defer: readonly string[]; enforceSingleMatch: boolean } {
  const options = own(config, 'resolve-keyed-by-options');
  const given = isMapping(options) ? options : {};
  return {
    defer: (given.defer ?? []) as readonly string[],
    enforceSingleMatch: given['enforce-single-match'] !== false,
  };
}

function valuesOf(
  context: TransformContext,
  task: Draft,
  config: Mapping,
  files: Map<string, Mapping>,
): Mapping {
  const path = own(config, 'from-file');
  const fromObject = own(config, 'from-object');
  return {
    ...(typeof task.name === 'string' ? { name: task.name } : {}),
    ...(typeof path === 'string' && path !== '' ? valuesInFile(context, path, files) : {}),
    ...valuesOfProviders(context, task, (own(config, 'from-custom') ?? []) as readonly string[]),
    ...(isMapping(fromObject) ? fromObject : {}),
    ...valuesInParameters(context, own(config, 'from-parameters')),
  };
}

function valuesOfProviders(context: TransformContext, task: Draft, names: readonly string[]): Mapping {
  const { taskContexts } = context.registry;
  const all = names.map((name, index) => {
    const provide = taskContexts.get(name);
    if (provide !== undefined) return provide(context, task);
    const hint = didYouMean(name, taskContexts.keys());
    throw new DraftError(`there is no provider "${name}"`, ['task-context', 'from-custom', index], hint);
  });
  return Object.assign({}, ...all) as Mapping;
}

/** One parameter, by dotted path, for each name; or a list of them, of which the first counts that is not null. */
function valuesInParameters({ params }: TransformContext, wanted: unknown): Mapping {
  if (!isMapping(wanted)) return {};
  const found: Mapping = {};
  for (const [name, path] of Object.entries(wanted)) {
    if (typeof path === 'string') {
      found[name] = deepGet(params, path) ?? null;
      continue;
    }
    const values = (path as readonly string[]).map((choice) => deepGet(params, choice));
    const value = values.find((one) => one !== undefined && one !== null);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** The content of a YAML file, by its path from the repository's top; read once. */
function valuesInFile({ repository }: TransformContext, path: string, files: Map<string, Mapping>): Mapping {
  const known = files.get(path);
  if (known) return known;
  const where = ['task-context', 'from-file'];
  let text: string;
  try {
    text = readFileSync(join(repository, path), 'utf8');
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    throw new DraftError(`there is no file "${path}"`, where);
  }
  const read = parseYaml(text, path);
  if (!read.ok) {
    const { message, place } = read.error;
    throw new DraftError(`${place ? `${place.file}:${place.line}:${place.column}: ` : ''}${message}`, where);
  }
  const { value } = read.value;
  if (!isMapping(value)) throw new DraftError(`"${path}" is not a mapping`, where);
  files.set(path, value);
  return value;
}

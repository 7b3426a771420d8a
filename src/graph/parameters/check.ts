import type { Mistakes } from '../mistakes.ts';
import type { Parameters } from './parameters.ts';
import {
  either,
  flag,
  integer,
  keys,
  listOf,
  mapOf,
  nullable,
  restricted,
  type Shape,
  type ShapeMistake,
  text,
} from '../load/shape.ts';

const texts = listOf(text);

/** The levels of trust that Taskcluster has; names of caches are told apart by them. */
const level = restricted(text, (value, path, tell) => {
  if (/^[1-3]$/.test(value as string)) return;
  tell({ message: `"level" must be "1", "2" or "3", not ${JSON.stringify(value)}`, path });
});

/** Each parameter that there must be, and its type; others are free. */
const known = {
  base_repository: text,
  base_ref: nullable(text),
  base_rev: text,
  build_date: integer,
  build_number: integer,
  do_not_optimize: texts,
  enable_always_target: either((value) => typeof value === 'boolean', flag, texts),
  existing_tasks: mapOf(text),
  files_changed: texts,
  filters: texts,
  head_ref: text,
  head_repository: text,
  head_rev: text,
  head_tag: text,
  level,
  moz_build_date: text,
  next_version: nullable(text),
  optimize_strategies: nullable(text),
  optimize_target_tasks: flag,
  owner: text,
  project: text,
  pushdate: integer,
  pushlog_id: text,
  repository_type: text,
  target_tasks_method: text,
  tasks_for: text,
  version: nullable(text),
};

const optional = {
  'code-review': nullable(keys({ required: { 'phabricator-build-target': text } })),
  'target-kinds': texts,
};
const completeShape = keys({ required: known, optional, unknown: 'allowed' });
const partialShape = keys({ optional: { ...known, ...optional }, unknown: 'allowed' });

/** All that is wrong with parameters, that some are missing only when they must be complete; paths are in them. */
export function parameterMistakes(parameters: unknown, complete: boolean): ShapeMistake[] {
  return mistakesOf(parameters, complete ? completeShape : partialShape);
}

function mistakesOf(parameters: unknown, wanted: Shape): ShapeMistake[] {
  const mistakes: ShapeMistake[] = [];
  wanted(parameters, [], (mistake) => mistakes.push(mistake));
  return mistakes;
}

/**
 * Adds what is wrong with parameters to the mistakes of a compilation, and fails if there is something.
 * `wanted`: what plugins want of them; else what there must be in any case.
 */
export function checkParameters(
  parameters: Parameters,
  mistakes: Mistakes,
  wanted: readonly Shape[] = [completeShape],
): void {
  for (const { message, hint } of wanted.flatMap((one) => mistakesOf(parameters, one))) {
    mistakes.add({
      severity: 'error',
      message,
      about: 'parameters',
      ...(hint === undefined ? {} : { hint }),
    });
  }
  mistakes.check();
}

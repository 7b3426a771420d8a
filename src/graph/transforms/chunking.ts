import { described, integer, keys, listOf, type Shape, text } from '../load/shape.ts';
import { deepCopy } from '../values/copy.ts';
import { isMapping, own, setOwn } from '../values/plain.ts';
import { formatPython } from '../values/python-format.ts';
import { fieldAt, substituteFields } from '../values/substitute.ts';
import { stepThrough } from './draft-step.ts';
import { shaped } from './draft-shape.ts';
import type { Draft, Transform } from './transform.ts';

/** Keys of a task that `chunking` knows. */
export const chunkingKeys: Readonly<Record<string, Shape>> = {
  chunk: described(
    'Makes several tasks of one, with {this_chunk} and {total_chunks} filled in.',
    keys({ required: { 'total-chunks': integer }, optional: { 'substitution-fields': listOf(text) } }),
  ),
};
const shape = keys({ optional: chunkingKeys, unknown: 'allowed' });

/**
 * `chunk`: makes `total-chunks` drafts of one and puts their numbers in the place of `{this_chunk}` and `{total_chunks}`
 * in `substitution-fields`; both are attributes too. The names are made different by substituting in `name`.
 */
export const chunking: Transform = (context, drafts) =>
  stepThrough(context, shaped(context, drafts, { shape }), (draft) => {
    const { chunk, ...task } = draft;
    if (!isMapping(chunk)) return task;
    const total = Number(chunk['total-chunks']);
    const fields = (own(chunk, 'substitution-fields') ?? []) as readonly string[];
    return Array.from({ length: total }, (_, index) => makeChunk(task, index + 1, total, fields));
  });

function makeChunk(task: Draft, thisChunk: number, total: number, fields: readonly string[]): Draft {
  const numbers = { this_chunk: thisChunk, total_chunks: total };
  const made = deepCopy(task);
  made.attributes = { ...(isMapping(made.attributes) ? made.attributes : {}), ...numbers };
  for (const field of fields) {
    const { container, key } = fieldAt(made, field);
    const written = container[key];
    substituteFields(made, [field], numbers);
    const name = formatPython(key, numbers);
    if (name === key) continue;
    setOwn(container, name, container[key]);
    setOwn(container, key, written);
  }
  return made;
}

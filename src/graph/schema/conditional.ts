import type { JsonSchema } from '../load/shape.ts';

/** `if`, `then` and `else` of JSON Schema; in pairs, since an object with a written-out `then` looks like a promise. */
export function conditional(
  condition: JsonSchema,
  consequence: JsonSchema,
  otherwise?: JsonSchema,
): JsonSchema {
  return Object.fromEntries([
    ['if', condition],
    ['then', consequence],
    ...(otherwise === undefined ? [] : [['else', otherwise] as const]),
  ]);
}

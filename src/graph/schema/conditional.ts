import type { JsonSchema } from '../load/shape.ts';

const keywords = ['if', 'then', 'else'] as const;

/** A condition of JSON Schema: the schemas of `if`, `then` and perhaps `else`. */
export function conditional(...parts: readonly [JsonSchema, JsonSchema, JsonSchema?]): JsonSchema {
  return Object.fromEntries(parts.map((part, index) => [keywords[index]!, part]));
}

/** One ingredient that differs from the nearest earlier name; undefined: not in that record. */
export interface IngredientChange {
  readonly ingredient: string;
  readonly before: unknown;
  readonly after: unknown;
}

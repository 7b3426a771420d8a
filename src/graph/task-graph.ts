/** A task as the compiler gives it out; the JSON that `caisson graph full -J` prints, in camelCase. */
export interface GraphTask {
  readonly kind: string;
  readonly label: string;
  readonly description: string;
  readonly attributes: Record<string, unknown>;
  /** the task definition, with references not resolved yet */
  readonly task: Record<string, unknown>;
  /** strategy name to its argument; null means never removed */
  optimization: Record<string, unknown> | null;
  /** dependency name to label */
  readonly dependencies: Record<string, string>;
  readonly softDependencies: readonly string[];
  readonly ifDependencies: readonly string[];
  taskId?: string;
}

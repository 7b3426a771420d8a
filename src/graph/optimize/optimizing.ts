import type { GraphTask } from '../task-graph.ts';

/** The target graph as the two steps of optimization look at it. Labels are in code-point order where order is free. */
export interface Optimizing {
  readonly tasks: ReadonlyMap<string, GraphTask>;
  /** each label after those it depends on */
  readonly order: readonly string[];
  /** labels that are wanted for themselves */
  readonly requested: ReadonlySet<string>;
  /** labels that must stay as they are */
  readonly kept: ReadonlySet<string>;
  /** label to a task that is known to do instead */
  readonly existing: Readonly<Record<string, string>>;
  readonly dependencies: (label: string) => readonly string[];
  readonly dependents: (label: string) => readonly string[];
  /** what the task's strategy says */
  readonly mayRemove: (label: string) => boolean;
  readonly findReplacement: (label: string) => string | null;
}

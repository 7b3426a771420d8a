/** What distinguishes one compilation of a repository from another; keys as in parameters.yml. */
export interface Parameters {
  readonly base_repository: string;
  readonly base_ref: string;
  readonly base_rev: string;
  readonly build_date: number;
  readonly build_number: number;
  readonly do_not_optimize: readonly string[];
  readonly enable_always_target: boolean | readonly string[];
  readonly existing_tasks: Readonly<Record<string, string>>;
  readonly files_changed: readonly string[];
  readonly filters: readonly string[];
  readonly head_ref: string;
  readonly head_repository: string;
  readonly head_rev: string;
  readonly head_tag: string;
  readonly level: string;
  readonly moz_build_date: string;
  readonly next_version: string | null;
  readonly optimize_strategies: string | null;
  readonly optimize_target_tasks: boolean;
  readonly owner: string;
  readonly project: string;
  readonly pushdate: number;
  readonly pushlog_id: string;
  readonly repository_type: string;
  readonly target_tasks_method: string;
  readonly tasks_for: string;
  readonly version: string | null;
  readonly [key: string]: unknown;
}

/** A task definition as Taskcluster's queue takes it (`createTask`); times are ISO 8601 in UTC with milliseconds. */
export interface TaskDefinition {
  /** `<provisionerId>/<workerType>` */
  readonly taskQueueId: string;
  readonly schedulerId: string;
  readonly taskGroupId: string;
  /** task ids */
  readonly dependencies: readonly string[];
  readonly requires: 'all-completed' | 'all-resolved';
  /** `index.<namespace>` is acted upon; others are kept */
  readonly routes: readonly string[];
  readonly priority: Priority;
  /** how often the queue may try again after an infrastructure failure; 0..49 */
  readonly retries: number;
  readonly created: string;
  readonly deadline: string;
  readonly expires: string;
  readonly scopes: readonly string[];
  /** what the worker executes; its shape is the worker's business */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly metadata: {
    readonly name: string;
    readonly description: string;
    readonly owner: string;
    readonly source: string;
  };
  readonly tags: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** From most to least urgent. */
export const priorities = ['highest', 'very-high', 'high', 'medium', 'low', 'very-low', 'lowest'] as const;
export type Priority = (typeof priorities)[number];

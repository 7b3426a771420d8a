/**
 * Everything that happens while tasks run and that somebody may want to see. The worker tells, the command line
 * shows; message text is static, values are fields. No environment value and no credential is ever a field.
 */
export type Event =
  | ({ readonly type: 'claimed' } & OfRun)
  | ({ readonly type: 'cache' } & OfRun & CacheUse)
  | ({ readonly type: 'log'; readonly line: string } & OfRun)
  | ({ readonly type: 'note'; readonly level: 'info' | 'warning'; readonly message: string } & Partial<OfRun>)
  | ({ readonly type: 'resolved' } & OfRun & Resolution);

export interface OfRun {
  readonly taskId: string;
  readonly runId: number;
  /** `metadata.name` of the task */
  readonly label: string;
}

/** What one lease answered: whether the task met an old cache, and why not. */
export interface CacheUse {
  readonly name: string;
  readonly mountPoint: string;
  readonly state: 'warm' | 'cold';
  /** one clause for people: `never seen`, `wrapper 3f2a… → 9c11…`; null when warm */
  readonly why: string | null;
  /** of the generation that the task starts from; null when cold */
  readonly generation: number | null;
  readonly ageSeconds: number | null;
}

/** How a run ended, in the queue's words. */
export interface Resolution {
  readonly state: 'completed' | 'failed' | 'exception';
  /** `completed`, `failed`, or the reason of the exception */
  readonly reason: string;
  /** of the task's command; null when it never ran or was killed */
  readonly exitCode: number | null;
  readonly seconds: number;
  /** the queue has made another run of the same task */
  readonly retried: boolean;
}

export type Emit = (event: Event) => void;

/** What a payload asks for, whichever worker implementation it was written for. */
export interface Work {
  readonly implementation: 'docker-worker' | 'generic-worker';
  /** one after another; the first that fails ends it */
  readonly commands: readonly (readonly string[])[];
  readonly env: Readonly<Record<string, string>>;
  /** seconds */
  readonly maxRunTime: number;
  readonly caches: readonly { readonly name: string; readonly mountPoint: string }[];
  readonly content: readonly MountedContent[];
  readonly artifacts: readonly ArtifactRequest[];
  readonly onExitStatus: { readonly retry: readonly number[]; readonly purgeCaches: readonly number[] };
  /** as people know it; null on generic-worker */
  readonly image: string | null;
  /** artifact names of the log */
  readonly logNames: readonly string[];
  readonly allowPtrace: boolean;
  /** told in the task's log */
  readonly remarks: readonly string[];
}

export interface ArtifactRequest {
  readonly name: string;
  readonly type: 'file' | 'directory';
  /** inside the sandbox; relative to the task directory on generic-worker */
  readonly path: string;
  readonly expires: string | null;
  readonly contentType: string | null;
  readonly optional: boolean;
}

/** A file that is put into the task directory before the command starts. */
export interface MountedContent {
  readonly file: string;
  readonly source:
    | { readonly kind: 'artifact'; readonly taskId: string; readonly artifact: string }
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'bytes'; readonly bytes: Uint8Array };
  readonly sha256: string | null;
}

/** A payload that cannot be executed; every reason at once. */
export class PayloadError extends Error {
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super(reasons.join('; '));
    this.name = 'PayloadError';
    this.reasons = reasons;
  }
}

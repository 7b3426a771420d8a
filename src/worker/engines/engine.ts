import type { Failure } from '../../base/failure.ts';
import type { Result } from '../../base/result.ts';
import type { FileOwner, OverlayMount } from '../../caches/store.ts';

/** How a payload is executed. Implementations keep one contract suite, `test/contract/engines.test.ts`. */
export interface Engine {
  readonly name: 'process' | 'oci' | 'docker';
  /** Tries it (not only looks for a program); the failure says what is missing and how to get it. */
  available(): Promise<Result<void, Failure>>;
  /** Makes the sandbox's files and directories, starts nothing. */
  prepare(request: SandboxRequest): Promise<Sandbox>;
  /** The ids that a user and a group have in its sandboxes; null where that is not known before they run. */
  identify?(user: string, group: string): FileOwner | null;
  /**
   * Can it mount layers with `OverlayMount.owners` that lie where `folder` does? Tries it, with a write, in a directory
   * that it makes there and removes; the error says why not. Absent: it cannot.
   */
  mapsOwners?(folder: string): Promise<Result<void, string>>;
}

export interface SandboxRequest {
  /** unique and safe as a file name: `<taskId>-<runId>` */
  readonly id: string;
  /** an existing empty directory on the host that belongs to this run alone; removed by the caller */
  readonly scratch: string;
  /** one command after another; the first that fails ends it. docker-worker payloads have one. */
  readonly commands: readonly (readonly string[])[];
  /**
   * Complete: nothing of the worker's own environment is added but PATH where it is missing. `process` marks its
   * processes with CAISSON_SANDBOX; containers get a HOME where there is none, as every runtime has it.
   */
  readonly env: Readonly<Record<string, string>>;
  /** where the command starts: absolute inside; relative to the task directory for `process` */
  readonly cwd?: string;
  readonly mounts: readonly Mount[];
  /** `host`: the host's network, loopback included; `none`: a loopback of its own */
  readonly network: 'host' | 'none';
  /** may it gain privileges that a container usually has not (docker-worker's `privileged`, `allowPtrace`) */
  readonly allowPtrace?: boolean;
  /** bytes that its processes may use together, where that can be limited; absent: as many as there are */
  readonly memory?: number;
}

export interface Mount {
  /** absolute path on the host, directory or regular file */
  readonly source: string;
  /** absolute path inside; relative to the task directory for `process` */
  readonly target: string;
  readonly readOnly: boolean;
  /**
   * What is mounted at the target instead of the source, `oci` only, in the container's mount namespace alone; the source
   * is an empty directory then, where the host sees it when something is read from it after the commands.
   */
  readonly layers?: OverlayMount;
}

export interface Sandbox extends AsyncDisposable {
  /**
   * Runs the commands. `output` gets stdout and stderr in the order in which they were written; the engine stops
   * reading while `output` returns a promise that is pending. When `signal` aborts, every process of the sandbox is
   * sent SIGTERM, and SIGKILL 3 s later. Returns when no process of the sandbox is left.
   */
  execute(output: (chunk: Uint8Array) => void | Promise<void>, signal: AbortSignal): Promise<Exit>;
  /** False: the machine does not let us limit memory as was asked. */
  readonly limitsMemory: boolean;
  /** How many of its processes the kernel has killed because memory was short, as far as it tells. */
  memoryKills(): number;
  /**
   * The host's path of a path inside, or null when it does not lie in anything the task could write.
   * Only the prefix is translated: what follows was made by the task and must be opened without following links.
   */
  hostPath(inside: string): { readonly trusted: string; readonly rest: string } | null;
}

export type Exit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  /** aborted by the caller's signal */
  | { readonly kind: 'aborted' }
  /** the engine could not start it */
  | { readonly kind: 'engine-failed'; readonly failure: Failure };

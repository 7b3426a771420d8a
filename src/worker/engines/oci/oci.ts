import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Failure, FailureError } from '../../../base/failure.ts';
import { isErrno } from '../../../base/files.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { createCgroup } from '../cgroup.ts';
import type { Engine, Sandbox, SandboxRequest } from '../engine.ts';
import { limitMemory } from '../memory.ts';
import { writeSandboxRecord } from '../record.ts';
import { checkRequest } from '../request.ts';
import { idsOf } from './accounts.ts';
import { type Host, hostWatcher } from './host.ts';
import { ociSandbox } from './oci-sandbox.ts';
import { tryOwners } from './owner-trial.ts';
import { composeRoot, nodePlace } from './root.ts';
import { findRuntime, makesGroups, type Runtime, type RuntimeName } from './runtime.ts';

export interface OciOptions {
  /** default: crun, else runc */
  readonly runtime?: RuntimeName;
  /** absolute host paths that tasks must not see even when they lie among the machine's tools */
  readonly hidden?: readonly string[];
}

/**
 * Runs commands in a container on this machine's own root file system, read-only, without its secrets; see `root.ts`.
 * Needs Linux 5.12, overlayfs and crun or runc.
 * As root, the task is root with docker's default capabilities. Otherwise it runs in a user namespace in which only one user
 * exists: `worker` with crun, root with runc. HOME is the user's home where the task does not set it. /home and /run are in memory.
 */
export function ociEngine({ runtime: wanted, hidden = [] }: OciOptions = {}): Engine {
  const host = hostWatcher(hidden);
  let working: Promise<Result<Runtime, Failure>> | undefined;

  /** Only a success is remembered: what is missing may be installed meanwhile. */
  async function workingRuntime(): Promise<Result<Runtime, Failure>> {
    working ??= firstWorking(wanted ? [wanted] : ['crun', 'runc'], host);
    const found = await working;
    if (!found.ok) working = undefined;
    return found;
  }

  return {
    name: 'oci',
    async available() {
      const found = await workingRuntime();
      return found.ok ? ok(undefined) : found;
    },
    async prepare(request) {
      const found = await workingRuntime();
      if (!found.ok) throw new FailureError(found.error);
      return prepare(request, found.value, host());
    },
    // Without root, only one user is there.
    identify: (user, group) => (process.getuid?.() === 0 ? idsOf(user, group) : null),
    async mapsOwners(folder) {
      const found = await workingRuntime();
      if (!found.ok) return err(found.error.message);
      const why = await whyNoOwners(found.value, host(), folder);
      return why === null ? ok(undefined) : err(why);
    },
  };
}

async function whyNoOwners(runtime: Runtime, host: Host, folder: string): Promise<string | null> {
  if (runtime.users !== null) return 'without root, no file system is mapped';
  if (runtime.name !== 'crun') return `${runtime.name} is not asked to map owners, only crun is`;
  const node = host.node === null ? realpathSync(process.execPath) : nodePlace;
  return tryOwners(folder, node, async (request, output) => {
    const whole = { ...request, id: `trial-owners-${process.pid}`, env: {}, network: 'host' } as const;
    await using sandbox = prepare(whole, runtime, host);
    const tell = (chunk: Uint8Array): void => output(Buffer.from(chunk).toString());
    return await sandbox.execute(tell, AbortSignal.timeout(10_000));
  });
}

function prepare(request: SandboxRequest, runtime: Runtime, host: Host): Sandbox {
  checkRequest(request);
  const here = { ...request, scratch: realpathSync(request.scratch) };
  const root = composeRoot(here, host);
  const cgroup = makesGroups(runtime) ? null : createCgroup(request.id);
  writeSandboxRecord(here.scratch, { id: request.id, ...(cgroup ? { cgroup: cgroup.path } : {}) });
  const limitsMemory = makesGroups(runtime) || limitMemory(cgroup, request.memory);
  return ociSandbox({ request: here, runtime, root, hidden: host.hidden, cgroup, limitsMemory });
}

async function firstWorking(
  names: readonly RuntimeName[],
  host: () => Host,
): Promise<Result<Runtime, Failure>> {
  if (process.platform !== 'linux')
    return err({ kind: 'unavailable', message: 'the oci engine needs Linux' });
  const complaints: string[] = [];
  for (const name of names) {
    const runtime = findRuntime(name);
    const complaint = runtime === null ? 'not installed' : await tryOut(runtime, host());
    if (runtime !== null && complaint === null) return ok(runtime);
    complaints.push(`${name}: ${complaint}`);
  }
  const message = `no container runtime works on this machine (${complaints.join('; ')})`;
  return err({ kind: 'unavailable', message, hint: 'apt-get install crun' });
}

/** Runs `true` as a task would be run; null when that went well. */
async function tryOut(runtime: Runtime, host: Host): Promise<string | null> {
  const scratch = mkdtempSync(join(tmpdir(), 'caisson-trial-'));
  try {
    const request = { commands: [['true']], env: {}, mounts: [], network: 'host' } as const;
    await using sandbox = prepare({ ...request, id: `trial-${process.pid}`, scratch }, runtime, host);
    const exit = await sandbox.execute(() => undefined, AbortSignal.timeout(10_000));
    if (exit.kind === 'engine-failed') return exit.failure.message;
    return exit.kind === 'exited' && exit.code === 0 ? null : `a trial ended with ${JSON.stringify(exit)}`;
  } catch (error) {
    // A user namespace may lack the ids of the container's files; a disk takes none of them.
    if (!isErrno(error, 'EINVAL', 'EPERM', 'EACCES', 'EROFS', 'ENOSPC', 'EDQUOT')) throw error;
    return `the files of a container cannot be made here (${error.message})`;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

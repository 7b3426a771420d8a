import { readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ifThere, isErrno } from '../../base/files.ts';
import { startProcess } from '../../base/process.ts';
import { killCgroup, openCgroup, processesIn, removeCgroup, removeRuncGroups } from './cgroup.ts';
import { findProgram } from './oci/host.ts';
import { stateDirectory } from './oci/oci-sandbox.ts';
import { findProcesses, hasRootIn, isMarked, pidNamespace, processStat } from './proc.ts';
import { readSandboxRecord } from './record.ts';
import { killAll } from './stop.ts';

/**
 * Ends what is left of a sandbox whose worker died: containers, their runtimes, processes, the control group. Only for scratch
 * directories whose owner is known to be gone. Returns false when something cannot be killed; keep scratch then.
 */
export async function reapSandbox(scratch: string): Promise<boolean> {
  const record = readSandboxRecord(scratch);
  if (record === null) return true;
  const cgroup = record.cgroup === undefined ? null : openCgroup(record.cgroup);
  const here = realpathSync(scratch);
  const left = {
    // Each alone misses something: a runtime that only just started has no state yet, a container bears no mark.
    alive: () => [
      ...new Set([
        ...containersIn(scratch).flatMap(({ init }) => (init === null ? [] : namespaceOf(init))),
        ...(cgroup ? processesIn(cgroup) : []),
        ...findProcesses((pid) => (isMarked(pid, record.id) || hasRootIn(pid, here)) && isAlive(pid)),
      ]),
    ],
    ...(cgroup ? { killAtOnce: () => killCgroup(cgroup) } : {}),
  };
  closeDoors(scratch);
  if (!(await killAll(left))) return false;
  // What the worker was just starting when it died is still a copy of the worker, and not to be told from others.
  await sleep(justStarting);
  if (!(await killAll(left))) return false;
  if (cgroup) await removeCgroup(cgroup);
  for (const { id, runtime } of containersIn(scratch)) await forget(runtime, scratch, id);
  removeRuncGroups(record.id);
  return true;
}

/**
 * Keeps what the worker was just starting from getting far: a command needs its working directory, a runtime its bundle.
 * Neither a rename nor a removal follows a link.
 */
function closeDoors(scratch: string): void {
  rmSync(join(scratch, 'config.json'), { force: true });
  try {
    renameSync(join(scratch, 'task'), join(scratch, 'task-of-killed-worker'));
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EISDIR')) throw error;
  }
}

/** Time from the fork of a process to its program, in milliseconds, on a busy machine. */
const justStarting = 100;

function isAlive(pid: number): boolean {
  return processStat(pid)?.ended === false;
}

interface LeftContainer {
  readonly id: string;
  readonly runtime: 'crun' | 'runc';
  /** null when it has ended */
  readonly init: number | null;
}

/** What the runtimes' state says, held against the process that has that id now. */
function containersIn(scratch: string): LeftContainer[] {
  const directory = join(scratch, stateDirectory);
  return namesIn(directory).flatMap((id): LeftContainer[] => {
    const crun = jsonIn(join(directory, id, 'status'));
    if (crun) return [{ id, runtime: 'crun', init: same(crun['pid'], crun['process-start-time']) }];
    const runc = jsonIn(join(directory, id, 'state.json'));
    return runc
      ? [{ id, runtime: 'runc', init: same(runc['init_process_pid'], runc['init_process_start']) }]
      : [];
  });
}

function same(pid: unknown, startTime: unknown): number | null {
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 1) return null;
  const stat = processStat(pid);
  return stat !== null && !stat.ended && stat.startTime === String(startTime) ? pid : null;
}

function namespaceOf(init: number): number[] {
  const namespace = pidNamespace(init);
  if (namespace === null || namespace === pidNamespace('self')) return [init];
  return findProcesses((pid) => pidNamespace(pid) === namespace && isAlive(pid));
}

/** runc keeps control groups outside of its state directory; crun was told to make none. */
async function forget(runtime: LeftContainer['runtime'], scratch: string, id: string): Promise<void> {
  const program = runtime === 'runc' ? findProgram('runc') : null;
  if (program === null) return;
  const command = [program, '--root', join(scratch, stateDirectory), 'delete', '--force', id];
  await startProcess(command, { env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' } }).ended;
}

function namesIn(directory: string): string[] {
  return ifThere(() => readdirSync(directory), ['ENOENT', 'ENOTDIR']) ?? [];
}

function jsonIn(path: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch (error) {
    // Being written when the runtime was killed: there is no container yet.
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return null;
    throw error;
  }
}

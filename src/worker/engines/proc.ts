import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { isErrno } from '../../base/files.ts';

/** The variable by which processes of a sandbox are found again, also after the worker died. */
export const sandboxVariable = 'CAISSON_SANDBOX';

/** Ids of the processes on this machine for which `matches` holds; those that end meanwhile are left out. */
export function findProcesses(matches: (pid: number) => boolean): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  return names
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && matches(pid));
}

/** Sends a signal; false when there is no such process. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    // EPERM: not one of ours; the id was given to somebody else's process a moment ago.
    if (isErrno(error, 'ESRCH', 'EPERM')) return false;
    throw error;
  }
}

/** Does it bear the mark of sandbox `id`, in the environment with which its program was started? */
export function isMarked(pid: number, id: string): boolean {
  const environ = readProc(`/proc/${pid}/environ`);
  return environ !== null && `\0${environ}\0`.includes(`\0${sandboxVariable}=${id}\0`);
}

/** Does it run in a container whose root file system was put together in that directory (absolute, without links)? */
export function hasRootIn(pid: number, scratch: string): boolean {
  const namespace = readLink(`/proc/${pid}/ns/mnt`);
  if (namespace === null || namespace === readLink('/proc/self/ns/mnt')) return false;
  return readProc(`/proc/${pid}/mountinfo`)?.includes(`lowerdir=${scratch}/`) ?? false;
}

export interface ProcessStat {
  readonly parent: number;
  readonly session: number;
  /** clock ticks since boot: with the process id, the identity of a process */
  readonly startTime: string;
  /** has ended, and waits for its parent */
  readonly ended: boolean;
}

export function processStat(pid: number): ProcessStat | null {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The program's name is in parentheses and may contain anything, parentheses too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    parent: Number(fields[1]),
    session: Number(fields[3]),
    startTime: fields[19] ?? '',
    ended: fields[0] === 'Z' || fields[0] === 'X',
  };
}

/** The name of a process's namespace for process ids, or null when it has ended or is not ours to look at. */
export function pidNamespace(pid: number | 'self'): string | null {
  return readLink(`/proc/${pid}/ns/pid`);
}

/** The identity of the file that a process has open at a descriptor; null when none, or not ours to look at. */
export function openFile(pid: number | 'self', descriptor: number): string | null {
  try {
    const { dev, ino } = statSync(`/proc/${pid}/fd/${descriptor}`);
    return `${dev}:${ino}`;
  } catch (error) {
    if (isErrno(error, ...gone)) return null;
    throw error;
  }
}

// EINVAL: it is just ending, and has no mounts any more.
const gone = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL'];

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isErrno(error, ...gone)) return null;
    throw error;
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isErrno(error, ...gone)) return null;
    throw error;
  }
}

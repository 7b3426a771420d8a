import { readFileSync } from 'node:fs';
import { isErrno } from './files.ts';

/** A process, told apart from a later one with the same number: `<pid>.<start time in clock ticks since boot>`. */
export function ownProcess(): string {
  return `${process.pid}.${startTime(process.pid) ?? '0'}`;
}

/** True while the process that {@link ownProcess} named is still there. */
export function isAlive(owner: string): boolean {
  const [pid, started] = owner.split('.');
  if (!/^\d+$/.test(pid ?? '')) return false;
  const now = startTime(Number(pid));
  if (now !== null) return now === started;
  try {
    // Systems without /proc: the number is all there is.
    process.kill(Number(pid), 0);
    return process.platform !== 'linux';
  } catch (error) {
    if (!isErrno(error, 'ESRCH', 'EPERM')) throw error;
    return error.code === 'EPERM' && process.platform !== 'linux';
  }
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and parentheses. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ESRCH')) throw error;
    return null;
  }
}

import { unreachable } from '../base/result.ts';
import type { ReportableReason } from '../task/status.ts';
import type { Exit } from './engines/engine.ts';
import type { LostReason } from './reclaimer.ts';

/** How a run is reported to the queue. */
export type Verdict =
  | { readonly state: 'completed' }
  | { readonly state: 'failed' }
  | { readonly state: 'exception'; readonly reason: ReportableReason }
  /** somebody else has resolved it */
  | { readonly state: 'lost'; readonly reason: LostReason };

/** What becomes of the run's caches. */
export type CacheVerdict =
  | { readonly kind: 'commit' }
  | { readonly kind: 'roll-back'; readonly why: string }
  | { readonly kind: 'purge'; readonly why: string };

/** Why a run was stopped from outside. */
export type StopReason = 'max-run-time' | 'shutdown' | 'disk-full' | LostReason;

export interface Ending {
  readonly exit: Exit;
  readonly stopped: StopReason | null;
  /** processes of the task that the kernel killed because memory was short */
  readonly memoryKills: number;
  readonly onExitStatus: { readonly retry: readonly number[]; readonly purgeCaches: readonly number[] };
}

export function verdictOf({ exit, stopped, onExitStatus }: Ending): Verdict {
  if (stopped !== null) return verdictOfStop(stopped);
  switch (exit.kind) {
    case 'exited':
      if (onExitStatus.retry.includes(exit.code)) return { state: 'exception', reason: 'intermittent-task' };
      return exit.code === 0 ? { state: 'completed' } : { state: 'failed' };
    case 'signalled':
      return { state: 'failed' };
    case 'aborted':
      return { state: 'exception', reason: 'worker-shutdown' };
    case 'engine-failed':
      return { state: 'exception', reason: 'resource-unavailable' };
    default:
      return unreachable(exit);
  }
}

function verdictOfStop(stopped: StopReason): Verdict {
  switch (stopped) {
    case 'max-run-time':
    case 'disk-full':
      return { state: 'failed' };
    case 'canceled':
    case 'deadline-exceeded':
    case 'claim-expired':
      return { state: 'lost', reason: stopped };
    case 'shutdown':
      return { state: 'exception', reason: 'worker-shutdown' };
    default:
      return unreachable(stopped);
  }
}

/**
 * Only a task that ended by itself has left a cache that the next one may meet. One that lost a process to the kernel may
 * go on and end well, but what that process was writing is cut off.
 */
export function cacheVerdictOf({ exit, stopped, memoryKills, onExitStatus }: Ending): CacheVerdict {
  if (stopped !== null) return { kind: 'roll-back', why: stopReasons[stopped] };
  if (exit.kind === 'exited' && onExitStatus.purgeCaches.includes(exit.code))
    return { kind: 'purge', why: `its task, exit code ${exit.code}` };
  if (memoryKills > 0) return { kind: 'roll-back', why: 'the task ran out of memory' };
  switch (exit.kind) {
    case 'exited':
      return { kind: 'commit' };
    case 'signalled':
      return { kind: 'roll-back', why: `the task was killed by ${exit.signal}` };
    case 'aborted':
      return { kind: 'roll-back', why: 'the task was stopped' };
    case 'engine-failed':
      return { kind: 'roll-back', why: 'the task could not be started' };
    default:
      return unreachable(exit);
  }
}

const stopReasons: Readonly<Record<StopReason, string>> = {
  'max-run-time': 'the task took longer than its maxRunTime',
  canceled: 'the task was cancelled',
  'deadline-exceeded': 'the task was past its deadline',
  'claim-expired': 'the claim on the task was lost',
  shutdown: 'the worker was stopped',
  'disk-full': 'the task filled the disk',
};

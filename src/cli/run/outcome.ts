import type { CacheUse, Event } from '../../base/event.ts';
import type { TaskStatus } from '../../task/status.ts';
import { describeCache } from '../output/progress.ts';
import { columns, duration } from '../output/terminal.ts';

/** One row of what `caisson run` answers; the shape of `--json` is a contract. */
export interface TaskOutcome {
  readonly label: string;
  readonly taskId: string;
  readonly state: string;
  readonly reason: string;
  readonly exitCode: number | null;
  readonly seconds: number;
  readonly caches: readonly CacheUse[];
}

/** Collects from events what the table says: of a task that was tried again, its last run and how many there were. */
export function collectOutcomes(): {
  tell(event: Event): void;
  of(label: string, status: TaskStatus, blockedBy: string | null): TaskOutcome;
} {
  const caches = new Map<string, CacheUse[]>();
  const resolutions = new Map<string, Extract<Event, { type: 'resolved' }>>();
  const key = (taskId: string, runId: number): string => `${taskId}/${runId}`;
  return {
    tell(event) {
      if (event.type === 'cache') {
        const { name, mountPoint, state, why, generation, ageSeconds } = event;
        const known = caches.get(key(event.taskId, event.runId)) ?? [];
        known.push({ name, mountPoint, state, why, generation, ageSeconds });
        caches.set(key(event.taskId, event.runId), known);
      } else if (event.type === 'resolved') {
        resolutions.set(key(event.taskId, event.runId), event);
      }
    },
    of(label, status, blockedBy) {
      const last = status.runs.findLast((run) => resolutions.has(key(status.taskId, run.runId)));
      const event = last && resolutions.get(key(status.taskId, last.runId));
      const tried = status.runs.filter(({ started }) => started !== undefined).length;
      const reason =
        blockedBy !== null ? `not run: ${blockedBy}` : (status.runs.at(-1)?.reasonResolved ?? status.state);
      return {
        label,
        taskId: status.taskId,
        state: blockedBy === null ? status.state : 'blocked',
        reason: tried > 1 ? `${reason}, run ${tried} times` : reason,
        exitCode: event?.exitCode ?? null,
        seconds: event?.seconds ?? 0,
        caches: last ? (caches.get(key(status.taskId, last.runId)) ?? []) : [],
      };
    },
  };
}

/** The table at the end: a row a task, a row below it for each cache. */
export function outcomeTable(outcomes: readonly TaskOutcome[]): string {
  const rows: string[][] = [['TASK', 'RESULT', 'TIME', 'CACHES']];
  for (const { label, state, reason, exitCode, seconds, caches } of outcomes) {
    const result = [
      state,
      reason === state
        ? ''
        : ` (${reason}${exitCode === null || exitCode === 0 ? '' : `, exit ${exitCode}`})`,
    ].join('');
    const code = reason === state && exitCode !== null && exitCode !== 0 ? ` (exit ${exitCode})` : '';
    const uses = caches.map((cache) => `${cache.mountPoint} ${describeCache(cache)}`);
    rows.push([
      label,
      result + code,
      state === 'skipped' || state === 'blocked' ? '' : duration(seconds),
      uses[0] ?? '',
    ]);
    for (const use of uses.slice(1)) rows.push(['', '', '', use]);
  }
  return `${columns(rows).join('\n')}\n`;
}

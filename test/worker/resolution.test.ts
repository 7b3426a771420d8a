import { describe, expect, it } from 'vitest';
import type { Exit } from '../../src/worker/engines/engine.ts';
import { cacheVerdictOf, type StopReason, verdictOf } from '../../src/worker/resolution.ts';

const onExitStatus = { retry: [72, 4], purgeCaches: [72] };
const exited = (code: number): Exit => ({ kind: 'exited', code });
const cases: readonly [string, Exit, StopReason | null, object, string][] = [
  ['success', exited(0), null, { state: 'completed' }, 'commit'],
  ['own failure', exited(1), null, { state: 'failed' }, 'commit'],
  ['refused caches', exited(72), null, { state: 'exception', reason: 'intermittent-task' }, 'purge'],
  ['retry', exited(4), null, { state: 'exception', reason: 'intermittent-task' }, 'commit'],
  ['killed', { kind: 'signalled', signal: 'SIGKILL' }, null, { state: 'failed' }, 'roll-back'],
  ['too long', { kind: 'aborted' }, 'max-run-time', { state: 'failed' }, 'roll-back'],
  ['too long, but it ended', exited(0), 'max-run-time', { state: 'failed' }, 'roll-back'],
  ['cancelled', { kind: 'aborted' }, 'canceled', { state: 'lost', reason: 'canceled' }, 'roll-back'],
  [
    'worker stopped',
    { kind: 'aborted' },
    'shutdown',
    { state: 'exception', reason: 'worker-shutdown' },
    'roll-back',
  ],
  [
    'no engine',
    { kind: 'engine-failed', failure: { kind: 'unavailable', message: 'x' } },
    null,
    { state: 'exception', reason: 'resource-unavailable' },
    'roll-back',
  ],
];

describe('how a run ends', () => {
  it.each(cases)('%s', (_, exit, stopped, verdict, caches) => {
    const ending = { exit, stopped, memoryKills: 0, onExitStatus };
    expect(verdictOf(ending)).toEqual(verdict);
    expect(cacheVerdictOf(ending).kind).toBe(caches);
  });

  it.each([
    [0, { state: 'completed' }, 'roll-back'],
    [1, { state: 'failed' }, 'roll-back'],
    [137, { state: 'failed' }, 'roll-back'],
    [72, { state: 'exception', reason: 'intermittent-task' }, 'purge'],
  ] as const)('exit code %s after the kernel killed one of its processes', (code, verdict, caches) => {
    const ending = { exit: exited(code), stopped: null, memoryKills: 1, onExitStatus };
    expect(verdictOf(ending)).toEqual(verdict);
    expect(cacheVerdictOf(ending).kind).toBe(caches);
  });

  it('a task that the kernel killed for its memory ran out of memory, rather than that it was killed', () => {
    const exit = { kind: 'signalled', signal: 'SIGKILL' } as const;
    expect(cacheVerdictOf({ exit, stopped: null, memoryKills: 1, onExitStatus })).toEqual({
      kind: 'roll-back',
      why: 'the task ran out of memory',
    });
  });
});

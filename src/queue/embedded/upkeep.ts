import { isErrno } from '../../base/files.ts';
import { QueueError } from '../queue.ts';

const expireMs = 5_000;
const firstRemovalMs = 1_000;
const removalMs = 3_600_000;

/**
 * Expires and removes now and then while the process lives; keeps no process alive. `stop` waits for what is under
 * way.
 */
export function startUpkeep(work: {
  readonly expire: () => Promise<void>;
  readonly removeExpired: () => Promise<void>;
}): {
  stop(): Promise<void>;
} {
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  const start = (act: () => Promise<void>): void => {
    running = running.then(() => (stopped ? undefined : act())).catch(ignoreWorldFailure);
  };
  const timers = [
    setInterval(() => start(work.expire), expireMs),
    setTimeout(() => start(work.removeExpired), firstRemovalMs),
    setInterval(() => start(work.removeExpired), removalMs),
  ];
  for (const timer of timers) timer.unref();
  return {
    async stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      await running;
    },
  };
}

/** Whoever uses the queue next meets the same failure and is told; the next round tries again. */
function ignoreWorldFailure(error: unknown): void {
  if (error instanceof QueueError && error.code === 'unavailable') return;
  if (isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EIO', 'ENOTEMPTY', 'EMFILE', 'ENFILE')) return;
  throw error;
}

import { setTimeout as delay } from 'node:timers/promises';
import { isDiskFull } from '../base/files.ts';
import { QueueError } from '../queue/queue.ts';

const pauseMs = 300;
const longestMs = 60_000;

/**
 * Asks again while the queue cannot be reached or the disk is full, for a minute: what has filled it is being put away.
 * `ask` has to bear being asked twice.
 */
export async function waitOut<T>(ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + longestMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isOutage(error) || performance.now() > end) throw error;
      await delay(pauseMs);
    }
  }
}

/** Is that of the world, and may it have passed soon? */
function isOutage(error: unknown): boolean {
  return isDiskFull(error) || (error instanceof QueueError && error.code === 'unavailable');
}

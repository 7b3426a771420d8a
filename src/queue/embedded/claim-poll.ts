import { EventEmitter } from 'node:events';
import type { Claim, ClaimRequest } from '../queue.ts';

/** As the real queue does. */
const defaultWaitMs = 20_000;
/** How often changes by other processes are looked for; those of this process wake waiters at once. */
const pollMs = 150;

/** Calls of claimWork that wait in this process. */
export class Waiters {
  readonly #events = new EventEmitter().setMaxListeners(0);
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  wake(): void {
    this.#events.emit('wake');
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }

  /** Returns after the time, when something may be pending, or when the signal aborts. */
  wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#events.off('wake', done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#events.once('wake', done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }
}

/** Claims until there is something, the time is over, the signal aborts or the queue closes; then answers `[]`. */
export async function pollPending(
  waiters: Waiters,
  { waitMs = defaultWaitMs, signal }: ClaimRequest,
  claim: () => Claim[],
): Promise<readonly Claim[]> {
  const end = performance.now() + waitMs;
  for (;;) {
    if (signal?.aborted === true) return [];
    const claims = claim();
    if (claims.length > 0) return claims;
    const left = end - performance.now();
    if (left <= 0) return [];
    await waiters.wait(Math.min(left, pollMs), signal);
    if (waiters.closed) return [];
  }
}

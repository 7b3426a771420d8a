import { fail } from '../../base/failure.ts';

/** Work that nobody waits for: at most one of a name runs, and asked for meanwhile it runs once more. */
export class Background {
  readonly #running = new Map<string, Promise<void>>();
  readonly #again = new Map<string, () => Promise<void>>();
  readonly #problems: string[] = [];
  #error: unknown;

  later(name: string, work: () => Promise<void>): void {
    if (this.#running.has(name)) {
      this.#again.set(name, work);
      return;
    }
    // Not before the caller has gone on.
    const running = new Promise<void>((resolve) => setImmediate(resolve))
      .then(work)
      .catch((error: unknown) => {
        this.#error ??= error;
      })
      .then(() => {
        this.#running.delete(name);
        const again = this.#again.get(name);
        this.#again.delete(name);
        if (again !== undefined) this.later(name, again);
      });
    this.#running.set(name, running);
  }

  complain(problems: readonly string[]): void {
    this.#problems.push(...problems);
  }

  /** Waits for all of it, also for what it starts; tells what went wrong. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
    if (this.#problems.length > 0)
      fail('unavailable', this.#problems.splice(0).join('; '), 'remove what is named as its owner');
  }
}

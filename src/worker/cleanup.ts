/** What must be undone, in reverse order, however a run ends. Node 20 has no AsyncDisposableStack. */
export class Cleanup implements AsyncDisposable {
  readonly #steps: (() => void | Promise<void>)[] = [];

  defer(step: () => void | Promise<void>): void {
    this.#steps.push(step);
  }

  /** Every step is tried; the first error is thrown at the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

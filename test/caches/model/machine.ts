import { AsyncLocalStorage } from 'node:async_hooks';

/** What a store meets that is killed: nothing of it, and of what it has begun, reaches the disk any more. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

export type Trouble =
  /** killed at the n-th call that changes the disk; one that writes or removes does half of it */
  | { readonly kind: 'kill'; readonly at: number }
  /** from the n-th such call on the system says so, as long as the trouble lasts */
  | { readonly kind: 'errno'; readonly at: number; readonly code: 'ENOSPC' | 'EROFS' }
  /** before the n-th call of any kind something else happens, as if another process were faster */
  | { readonly kind: 'interlude'; readonly at: number; readonly act: () => void };

/** A process as the store sees it: its system calls go through `call`. Its name is that of `base/owner.ts`. */
export class Machine {
  readonly owner: string;
  #dead = false;
  #trouble: Trouble | null = null;
  #calls = 0;
  #changes = 0;

  constructor(owner: string) {
    this.owner = owner;
    living.add(owner);
  }

  get isDead(): boolean {
    return this.#dead;
  }

  kill(): void {
    this.#dead = true;
    living.delete(this.owner);
  }

  /** Null: all goes well from now on. */
  expect(trouble: Trouble | null): void {
    this.#trouble = trouble;
    this.#calls = 0;
    this.#changes = 0;
  }

  run<T>(act: () => T): T {
    return current.run(this, act);
  }

  /** Throws in place of a call of the system, or does nothing. `half`: what of it is done when it is cut off. */
  call(name: string, changes: boolean, half: () => void): void {
    if (this.#dead) throw new Killed();
    this.#calls += 1;
    if (changes) this.#changes += 1;
    const trouble = this.#trouble;
    if (trouble === null) return;
    if (trouble.kind === 'interlude') {
      if (this.#calls !== trouble.at) return;
      this.#trouble = null;
      trouble.act();
      return;
    }
    if (!changes || this.#changes < trouble.at) return;
    if (trouble.kind === 'kill') {
      half();
      this.kill();
      throw new Killed();
    }
    // What removes works on a full disk.
    if (trouble.code === 'ENOSPC' && ['unlink', 'rm', 'fsync', 'chmod', 'chown', 'utimes'].includes(name))
      return;
    throw Object.assign(new Error(`${trouble.code}: ${name}`), { code: trouble.code });
  }
}

const living = new Set<string>();
const current = new AsyncLocalStorage<Machine>();

export function machineNow(): Machine {
  const machine = current.getStore();
  if (machine === undefined) throw new Error('a store works outside of a machine');
  return machine;
}

export function isLiving(owner: string): boolean {
  return living.has(owner);
}

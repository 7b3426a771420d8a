import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type StoreOptions } from '../../src/caches/open-store.ts';
import type { BackEnd, Lease, Store } from '../../src/caches/store.ts';
import { chooseBackEnd } from '../../src/caches/trees/overlay.ts';

export { inside } from './inside.ts';
export { recordOf, requestOf } from './store-request.ts';

const choice = chooseBackEnd(tmpdir(), null);
/** Does overlay work here? Names of what is skipped are in the titles of the tests; `.ci/run` skips nothing. */
export const hasOverlay = choice.backEnd === 'overlay';
if (!hasOverlay && process.env['CAISSON_OVERLAY'] === 'required') throw new Error(choice.why);

/** A store in a folder of its own. What is left open is waited for at the end. */
export class StoreRig implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'caisson-store-'));
  readonly backEnd: BackEnd;
  readonly #stores: Store[] = [];

  constructor(backEnd: BackEnd) {
    this.backEnd = backEnd;
  }

  async open(options: StoreOptions = {}): Promise<Store> {
    const store = await openStore(this.root, { backEnd: this.backEnd, ...options });
    this.#stores.push(store);
    return store;
  }

  async drain(): Promise<void> {
    for (const store of this.#stores) await store.drain();
  }

  /** What lies in runs, layers and doomed of all levels. */
  get onDisk(): string[] {
    return ['1', '2', '3'].flatMap((level) =>
      ['runs', 'layers', 'doomed'].flatMap((folder) =>
        entriesOf(join(this.root, `level-${level}`, folder)).map((id) => `level-${level}/${folder}/${id}`),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A failed test may have damaged it; what matters is that nothing is written any more.
    await this.drain().catch(() => undefined);
    rmSync(this.root, { recursive: true, force: true });
  }
}

export const why = ({ warmth }: Lease): string =>
  warmth.state === 'cold' ? warmth.why : `generation ${warmth.generation}`;

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

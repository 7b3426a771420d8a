import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type StoreOptions } from '../../src/caches/open-store.ts';
import type { BackEnd, Lease, Store } from '../../src/caches/store.ts';
import { chooseBackEnd } from '../../src/caches/trees/overlay.ts';

export { recordOf, requestOf } from './store-request.ts';

/** Back ends that work here: names of what is skipped are in the titles of the tests. */
export const hasOverlay = chooseBackEnd(tmpdir(), null).backEnd === 'overlay';

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

/** Runs a shell script in the leased tree, mounted as an engine does it; returns what it prints. */
export function inside({ mount, id }: Lease, script: string): string {
  if (mount.kind === 'bind') return shell(['sh', '-ec', script], mount.source);
  const place = join(mount.upper, '..', `merged-${id}`);
  mkdirSync(place, { recursive: true });
  // As the worker does before each command.
  rmSync(join(mount.work, 'work/incompat'), { recursive: true, force: true });
  const layers = [`lowerdir=${mount.lower.join(':')}`, `upperdir=${mount.upper}`, `workdir=${mount.work}`];
  const options = [...layers, ...mount.options].join(',');
  const mounted = 'mount -t overlay overlay -o "$0" "$1"; cd "$1"; sh -ec "$2"; cd /; umount "$1"';
  return shell(
    ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', mounted, options, place, script],
    '/',
  );
}

function shell([program, ...args]: readonly string[], cwd: string): string {
  const done = spawnSync(program!, args, { cwd, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${args.at(-1)}: ${done.stderr}`);
  return done.stdout.trim();
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

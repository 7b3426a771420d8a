import { Worker } from 'node:worker_threads';
import type { Owner } from './directory.ts';

/** A second thread that changes owners of files in the directory that the process is in. */
export interface Assistant {
  /** Shares names in the working directory, which must stay what it is until `left` was called. */
  share(names: readonly Name[]): Shares;
  dismiss(): void;
}

export interface Shares {
  /** some names for the caller to do; empty when there are none that nobody has taken */
  next(): readonly Name[];
  /** waits for the assistant; names that it took and left: directories, and what it may not or could not change */
  left(): Name[];
}

type Name = string | Buffer;

interface Shared {
  /** state, bytes of names, number of names, names that were taken by either side */
  readonly control: Int32Array;
  /** names, each with a NUL behind it */
  readonly names: Uint8Array;
  /** for each name: whether the assistant took it, and did it */
  readonly marks: Uint8Array;
}

const state = { idle: 0, given: 1, dismissed: 2, ready: 3 } as const;
const mark = { none: 0, done: 1, left: 2 } as const;
const room = 1 << 20;
const mostNames = 1 << 15;
const atATime = 16;

/** It gets what to do through shared memory: neither side runs an event loop meanwhile. */
export function startAssistant(owner: Owner): Assistant {
  const shared: Shared = {
    control: new Int32Array(new SharedArrayBuffer(16)),
    names: new Uint8Array(new SharedArrayBuffer(room)),
    marks: new Uint8Array(new SharedArrayBuffer(mostNames)),
  };
  const { control, marks } = shared;
  const code = `(${serve.toString()})(require('node:fs'), require('node:worker_threads').workerData)`;
  const workerData = { shared, owner, is: state, mark, atATime };
  const worker = new Worker(code, { eval: true, workerData, env: {}, execArgv: [] });
  worker.on('error', () => undefined);
  worker.unref();
  return {
    share(names) {
      // Until it is up, and for good if it cannot start, everything is the caller's.
      const isUp = Atomics.load(control, 0) === state.ready;
      const fits = isUp && isText(names) && names.length <= mostNames;
      const text = fits ? Buffer.from(names.map((name) => `${name}\0`).join('')) : null;
      if (text === null || text.length > room) return unshared(names);
      shared.names.set(text);
      marks.fill(mark.none, 0, names.length);
      control[1] = text.length;
      control[2] = names.length;
      control[3] = 0;
      Atomics.store(control, 0, state.given);
      Atomics.notify(control, 0);
      return {
        next: () => {
          const from = Atomics.add(control, 3, atATime);
          return names.slice(from, from + atATime);
        },
        left: () => {
          while (Atomics.load(control, 0) === state.given) Atomics.wait(control, 0, state.given);
          return names.filter((_, at) => marks[at] === mark.left);
        },
      };
    },
    dismiss() {
      Atomics.store(control, 0, state.dismissed);
      Atomics.notify(control, 0);
    },
  };
}

function unshared(names: readonly Name[]): Shares {
  let rest = names;
  return {
    next: () => {
      const all = rest;
      rest = [];
      return all;
    },
    left: () => [],
  };
}

function isText(names: readonly Name[]): names is readonly string[] {
  return names.every((name) => typeof name === 'string');
}

interface Duty {
  readonly shared: Shared;
  readonly owner: Owner;
  readonly is: typeof state;
  readonly mark: typeof mark;
  readonly atATime: number;
}

/** The whole of what the thread runs; it is passed as text and sees nothing of this module. */
function serve(fs: typeof import('node:fs'), { shared, owner, is, mark: marked, atATime: step }: Duty): void {
  const { control, names, marks } = shared;
  if (Atomics.compareExchange(control, 0, is.idle, is.ready) === is.dismissed) return;
  for (let last: number = is.ready; ; ) {
    Atomics.wait(control, 0, last);
    last = Atomics.load(control, 0);
    if (last === is.dismissed) return;
    if (last !== is.given) continue;
    const count = control[2] ?? 0;
    const list = Buffer.from(names.slice(0, control[1])).toString('utf8').split('\0');
    for (let from = Atomics.add(control, 3, step); from < count; from = Atomics.add(control, 3, step)) {
      for (let at = from; at < Math.min(from + step, count); at++) {
        marks[at] = marked.left;
        try {
          const name = list[at] ?? '';
          const stats = fs.lstatSync(name);
          if (stats.isDirectory() || stats.nlink > 1) continue;
          if (stats.uid !== owner.uid || stats.gid !== owner.gid) fs.lchownSync(name, owner.uid, owner.gid);
          marks[at] = marked.done;
        } catch {
          // The other side meets the same error and tells of it.
        }
      }
    }
    last = is.ready;
    if (Atomics.compareExchange(control, 0, is.given, is.ready) === is.dismissed) return;
    Atomics.notify(control, 0);
  }
}

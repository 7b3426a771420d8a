import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Owner } from './directory.ts';
import { type ForeignFunctions, foreign } from './libc.ts';

/** Changes owners with system calls that the runtimes do not offer: a file costs two of them, and no path or object. */
export interface Sweeper {
  /**
   * Gives the files in a directory, just opened, to the owner, but for names that are skipped. Null: it cannot be
   * listed so, and some files may have been changed.
   */
  sweep(directory: number, skipped: ReadonlySet<string>): Swept | null;
  dismiss(): void;
}

/** Raw names. */
export interface Swept {
  readonly directories: Buffer[];
  /** what was left alone: files with several names, and what could not be looked at or changed */
  readonly rest: Buffer[];
}

/**
 * Memory that the kernel writes is shared memory, all of it, since that stays where it is: JavaScriptCore moves the
 * content of a small typed array when it compiles code that holds it, and an address taken before leads astray.
 */
interface Duty {
  readonly owner: Owner;
  readonly calls: Calls;
  /** what getdents64 wrote */
  readonly entries: SharedArrayBuffer;
  /** where in `entries` the names of files are */
  readonly names: Int32Array;
  /** for each of them 1 when it was left alone */
  readonly left: Uint8Array;
  /** state, then: open directory, number of names, names that were taken by either thread */
  readonly control: Int32Array;
  readonly is: typeof state;
}

/** Numbers of system calls. */
interface Calls {
  readonly getdents64: number;
  readonly fchownat: number;
  readonly statx: number;
}

const callNumbers: Readonly<Record<string, Calls>> = {
  x64: { getdents64: 217, fchownat: 260, statx: 332 },
  arm64: { getdents64: 61, fchownat: 54, statx: 291 },
};
/** Of the other thread: it comes from `starting` and `busy` to `ready` by itself, and from `given` to `busy`. */
const state = { starting: 0, ready: 1, given: 2, busy: 3, dismissed: 4 } as const;
const [theState, theDirectory, theCount, theNext] = [0, 1, 2, 3];
/** `struct linux_dirent64`, in bytes; the same on every machine. */
const entry = { length: 16, type: 18, name: 19, least: 24 };
const directoryType = 4;
const dot = 0x2e;
const room = 1 << 18;
/** A second thread costs as much as some thousand files, its wake-up as much as some. */
const worthThread = 5000;
const worthSharing = 24;

/** Null in the form for Node, and where system calls have numbers that we do not know. */
export function openSweeper(owner: Owner): Sweeper | null {
  const calls = process.platform === 'linux' ? callNumbers[process.arch] : undefined;
  if (foreign === null || calls === undefined) return null;
  const most = room / entry.least;
  const duty: Duty = {
    owner,
    calls,
    entries: new SharedArrayBuffer(room),
    names: new Int32Array(new SharedArrayBuffer(4 * Math.ceil(most))),
    left: new Uint8Array(new SharedArrayBuffer(Math.ceil(most))),
    control: new Int32Array(new SharedArrayBuffer(16)),
    is: state,
  };
  const { names, left, control } = duty;
  const entries = Buffer.from(duty.entries);
  const thread = makeThread(foreign, duty);
  let seen = 0;
  let isStarted = availableParallelism() === 1;

  const nameAt = (at: number) => Buffer.from(entries.subarray(at, entries.indexOf(0, at)));
  const isDots = (at: number) =>
    entries[at] === dot && (entries[at + 1] === 0 || (entries[at + 1] === dot && entries[at + 2] === 0));
  /** Takes the names of files down, and adds those of directories. */
  const readEntries = (bytes: number, skipped: ReadonlySet<string>, directories: Buffer[]): number => {
    let count = 0;
    for (let at = 0; at < bytes; at += entries.readUInt16LE(at + entry.length)) {
      const name = at + entry.name;
      if (isDots(name) || (skipped.size > 0 && skipped.has(nameAt(name).toString()))) continue;
      if (entries[at + entry.type] === directoryType) directories.push(nameAt(name));
      else names[count++] = name;
    }
    return count;
  };
  const changeAll = (directory: number, count: number) => {
    left.fill(0, 0, count);
    control[theDirectory] = directory;
    control[theCount] = count;
    control[theNext] = 0;
    const isShared =
      count >= worthSharing &&
      Atomics.compareExchange(control, theState, state.ready, state.given) === state.ready;
    if (isShared) Atomics.notify(control, theState);
    thread.work();
    // What the other thread has not begun with by now it need not begin with.
    if (!isShared || Atomics.compareExchange(control, theState, state.given, state.ready) === state.given)
      return;
    while (Atomics.load(control, theState) === state.busy) Atomics.wait(control, theState, state.busy);
  };
  return {
    sweep(directory, skipped) {
      const swept: Swept = { directories: [], rest: [] };
      for (;;) {
        const bytes = thread.list(directory);
        if (bytes < 0) return null;
        if (bytes === 0) return swept;
        const count = readEntries(bytes, skipped, swept.directories);
        seen += count;
        if (!isStarted && seen > worthThread) {
          startThread(duty);
          isStarted = true;
        }
        changeAll(directory, count);
        for (let at = 0; at < count; at++) if (left[at] === 1) swept.rest.push(nameAt(names[at]!));
      }
    },
    dismiss() {
      Atomics.store(control, theState, state.dismissed);
      Atomics.notify(control, theState);
    },
  };
}

function startThread(duty: Duty): void {
  const code = `const { workerData } = require('node:worker_threads');
    (${makeThread.toString()})(require('bun:ffi'), workerData).serve()`;
  const worker = new Worker(code, { eval: true, workerData: duty, env: {}, execArgv: [] });
  // One that cannot start is never ready.
  worker.on('error', () => undefined);
  worker.unref();
}

interface Thread {
  /** Fills `entries`; answers bytes, 0 at the end, -1 where it cannot. */
  list(directory: number): number;
  /** Changes files that nobody has taken yet, until all are taken. */
  work(): void;
  /** Works whenever something is given, until it is dismissed; neither side runs an event loop meanwhile. */
  serve(): void;
}

/** Runs in both threads; the second gets it as text, so it sees nothing of this module. */
function makeThread({ dlopen, ptr }: ForeignFunctions, duty: Duty): Thread {
  const { owner, calls, entries, names, left, control, is } = duty;
  const { syscall } = dlopen('libc.so.6', {
    syscall: { args: ['i64_fast', 'i32', 'ptr', 'u32', 'u32', 'ptr'], returns: 'i32' },
  }).symbols;
  // `struct statx`, in 32-bit words; the same on every machine.
  const facts = { mask: 0, links: 4, uid: 5, gid: 6, mode: 7 };
  const [formatBits, directoryFormat, noFollow] = [0xf000, 0x4000, 0x100];
  const wanted = 0x1 | 0x2 | 0x4 | 0x8 | 0x10;
  const found = new Uint32Array(new SharedArrayBuffer(256));
  const [entriesAt, foundAt] = [ptr(new Uint8Array(entries)), ptr(found)];
  const [theState, theDirectory, theCount, theNext, atATime] = [0, 1, 2, 3, 16];

  const change = (directory: number, name: number): boolean => {
    // Were the facts read elsewhere than the kernel writes them, no file would be taken for ours.
    Atomics.store(found, facts.mask, 0);
    if (syscall!(calls.statx, directory, name, noFollow, wanted, foundAt) !== 0) return false;
    if ((Atomics.load(found, facts.mask) & wanted) !== wanted || Atomics.load(found, facts.links) !== 1)
      return false;
    if ((Atomics.load(found, facts.mode) & formatBits) === directoryFormat) return false;
    const isOwned =
      Atomics.load(found, facts.uid) === owner.uid && Atomics.load(found, facts.gid) === owner.gid;
    return isOwned || syscall!(calls.fchownat, directory, name, owner.uid, owner.gid, noFollow) === 0;
  };
  const work = () => {
    const directory = control[theDirectory]!;
    const count = control[theCount]!;
    for (let from = 0; (from = Atomics.add(control, theNext, atATime)) < count; ) {
      for (let at = from; at < Math.min(from + atATime, count); at++) {
        if (!change(directory, entriesAt + names[at]!)) left[at] = 1;
      }
    }
  };
  return {
    list: (directory) => syscall!(calls.getdents64, directory, entriesAt, entries.byteLength, 0, 0),
    work,
    serve() {
      let last = Atomics.compareExchange(control, theState, is.starting, is.ready);
      while (last !== is.dismissed) {
        Atomics.wait(control, theState, is.ready);
        last = Atomics.compareExchange(control, theState, is.given, is.busy);
        if (last !== is.given) continue;
        work();
        last = Atomics.compareExchange(control, theState, is.busy, is.ready);
        Atomics.notify(control, theState);
      }
    },
  };
}

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Owner } from './directory.ts';
import { type ForeignFunctions, foreign } from './libc.ts';

/** Changes owners with system calls that the runtimes have no way to: no object and no path for each file. */
export interface Sweeper {
  /** Gives the files in an open directory to the owner, but for names that are skipped. Null: it cannot be listed so. */
  sweep(directory: number, skipped: ReadonlySet<string>): Swept | null;
  /**
   * Lets another thread do an open directory with all in it, but not the directory itself, which stays open until
   * the loan is over. Null: all of them have enough to do.
   */
  lend(directory: number): Loan | null;
  dismiss(): void;
}

/** Raw names. */
export interface Swept {
  readonly directories: Buffer[];
  /** what was left alone: files with several names, and what could not be looked at or changed */
  readonly rest: Buffer[];
}

export interface Loan {
  /** true: nobody has begun with it, and nobody will */
  takeBack(): boolean;
  /** somebody has begun with it and is through */
  isOver(): boolean;
  /** waits for who has begun; false: something is left to do */
  wait(): boolean;
}

interface Duty {
  /** `wakes`, `dismissed`, then state and directory of each loan */
  readonly control: Int32Array;
  readonly owner: Owner;
  readonly device: number;
  readonly calls: Calls;
  readonly is: typeof loanState;
}

/** Numbers of system calls. */
interface Calls {
  readonly lseek: number;
  readonly getdents64: number;
  readonly fchownat: number;
  readonly statx: number;
}

const callNumbers: Readonly<Record<string, Calls>> = {
  x64: { lseek: 8, getdents64: 217, fchownat: 260, statx: 332 },
  arm64: { lseek: 62, getdents64: 61, fchownat: 54, statx: 291 },
};
const loanState = { free: 0, offered: 1, begun: 2, done: 3, left: 4 } as const;
const [wakes, dismissed, firstLoan] = [0, 1, 2];
const mostLoans = 16;
/** A second thread costs as much as some thousand files. */
const worthAssistants = 5000;
const mostAssistants = 3;

/**
 * For a tree on one file system, `device`. Null in the form for Node, and where system calls have numbers that we do
 * not know.
 */
export function openSweeper(owner: Owner, device: number): Sweeper | null {
  const calls = process.platform === 'linux' ? callNumbers[process.arch] : undefined;
  if (foreign === null || calls === undefined) return null;
  const control = new Int32Array(new SharedArrayBuffer(4 * (firstLoan + 2 * mostLoans)));
  const duty: Duty = { control, owner, device, calls, is: loanState };
  const sweep = makeSweep(foreign, duty);
  let seen = 0;
  let assistants = 0;
  const start = () => {
    const wanted = Math.min(mostAssistants, availableParallelism() - 1);
    for (; assistants < wanted; assistants++) startAssistant(duty);
  };
  return {
    sweep(directory, skipped) {
      const swept = sweep(directory, skipped);
      seen += swept?.seen ?? 0;
      if (seen > worthAssistants) start();
      return swept;
    },
    lend(directory) {
      if (assistants === 0) return null;
      for (let at = firstLoan; at < control.length; at += 2) {
        if (Atomics.load(control, at) !== loanState.free) continue;
        control[at + 1] = directory;
        Atomics.store(control, at, loanState.offered);
        Atomics.add(control, wakes, 1);
        Atomics.notify(control, wakes, 1);
        return loanAt(control, at);
      }
      return null;
    },
    dismiss() {
      Atomics.store(control, dismissed, 1);
      Atomics.add(control, wakes, 1);
      Atomics.notify(control, wakes);
    },
  };
}

function loanAt(control: Int32Array, at: number): Loan {
  const { free, offered, begun, done } = loanState;
  let end: 'taken back' | 'done' | 'left' | null = null;
  return {
    takeBack() {
      if (end === null && Atomics.compareExchange(control, at, offered, free) === offered) end = 'taken back';
      return end === 'taken back';
    },
    isOver: () => end !== null || Atomics.load(control, at) > begun,
    wait() {
      while (!this.isOver()) Atomics.wait(control, at, begun);
      if (end === null) {
        end = Atomics.load(control, at) === done ? 'done' : 'left';
        Atomics.store(control, at, free);
      }
      return end === 'done';
    },
  };
}

/** It gets what to do through shared memory: neither side runs an event loop meanwhile. */
function startAssistant(duty: Duty): void {
  const code = `const { workerData } = require('node:worker_threads');
    (${assist.toString()})(require('node:fs'), (${makeSweep.toString()})(require('bun:ffi'), workerData), workerData)`;
  const worker = new Worker(code, { eval: true, workerData: duty, env: {}, execArgv: [] });
  // One that cannot start takes no loan.
  worker.on('error', () => undefined);
  worker.unref();
}

type Sweep = (directory: number, skipped: ReadonlySet<string>) => (Swept & { readonly seen: number }) | null;

/** Runs in every thread; it is passed to others as text and sees nothing of this module. */
function makeSweep({ dlopen, ptr }: ForeignFunctions, { owner, calls }: Duty): Sweep {
  const { syscall } = dlopen('libc.so.6', {
    syscall: { args: ['ptr', 'i32', 'ptr', 'u32', 'u32', 'ptr'], returns: 'i32' },
  }).symbols;
  // `struct linux_dirent64` and `struct statx`, in bytes and in 32-bit words; both are the same on every machine.
  const entry = { length: 16, type: 18, name: 19 };
  const facts = { links: 4, uid: 5, gid: 6, mode: 7 };
  const [directoryEntry, formatBits, directoryFormat] = [4, 0xf000, 0x4000];
  const [basicFacts, noFollow, dot] = [0x1f, 0x100, 0x2e];
  const entries = Buffer.alloc(1 << 18);
  const found = new Uint32Array(64);
  const [entriesAt, foundAt] = [ptr(entries), ptr(found)];

  const nameAt = (at: number) => Buffer.from(entries.subarray(at, entries.indexOf(0, at)));
  const isDots = (at: number) =>
    entries[at] === dot && (entries[at + 1] === 0 || (entries[at + 1] === dot && entries[at + 2] === 0));
  const isOwned = () => found[facts.uid] === owner.uid && found[facts.gid] === owner.gid;
  const change = (directory: number, name: number) => {
    if (syscall!(calls.statx, directory, name, noFollow, basicFacts, foundAt) !== 0) return false;
    if (found[facts.links] !== 1 || (found[facts.mode]! & formatBits) === directoryFormat) return false;
    return isOwned() || syscall!(calls.fchownat, directory, name, owner.uid, owner.gid, noFollow) === 0;
  };

  return (directory, skipped) => {
    const swept = { directories: [] as Buffer[], rest: [] as Buffer[], seen: 0 };
    // Another thread may have read it before.
    if (syscall!(calls.lseek, directory, 0, 0, 0, 0) !== 0) return null;
    for (;;) {
      const bytes = syscall!(calls.getdents64, directory, entriesAt, entries.length, 0, 0);
      if (bytes < 0) return null;
      if (bytes === 0) return swept;
      for (let at = 0; at < bytes; at += entries.readUInt16LE(at + entry.length)) {
        const name = at + entry.name;
        const isDirectory = entries[at + entry.type] === directoryEntry;
        if (isDirectory && isDots(name)) continue;
        if (skipped.size > 0 && skipped.has(nameAt(name).toString())) continue;
        if (isDirectory) swept.directories.push(nameAt(name));
        else if (!change(directory, entriesAt + name)) swept.rest.push(nameAt(name));
        swept.seen += 1;
      }
    }
  };
}

/** The whole of what another thread runs, as text too. */
function assist(fs: typeof import('node:fs'), sweep: Sweep, { control, owner, device, is }: Duty): void {
  const [wakes, dismissed, firstLoan] = [0, 1, 2];
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  const nothing = new Set<string>();

  /** Answers whether nothing is left to do below a directory. */
  const sweepTree = (directory: number): boolean => {
    const swept = sweep(directory, nothing);
    if (swept === null || Atomics.load(control, dismissed) !== 0) return false;
    let isDone = swept.rest.length === 0;
    for (const name of swept.directories) {
      const path = Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), name]);
      const below = fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      try {
        const { dev, uid, gid, mode } = fs.fstatSync(below);
        if (dev !== device) continue;
        isDone = sweepTree(below) && isDone;
        if (uid !== owner.uid || gid !== owner.gid) fs.fchownSync(below, owner.uid, owner.gid);
        if ((mode & 0o700) !== 0o700) fs.fchmodSync(below, (mode & 0o7777) | 0o700);
      } finally {
        fs.closeSync(below);
      }
    }
    return isDone;
  };
  const isDone = (directory: number): boolean => {
    try {
      return sweepTree(directory);
    } catch {
      // Who lent it meets the same error and tells of it.
      return false;
    }
  };

  for (;;) {
    const seen = Atomics.load(control, wakes);
    if (Atomics.load(control, dismissed) !== 0) return;
    for (let at = firstLoan; at < control.length; at += 2) {
      if (Atomics.compareExchange(control, at, is.offered, is.begun) !== is.offered) continue;
      Atomics.store(control, at, isDone(control[at + 1]!) ? is.done : is.left);
      Atomics.notify(control, at);
    }
    Atomics.wait(control, wakes, seen);
  }
}

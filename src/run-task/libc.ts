/** What we need of the C library and the runtime does not offer. Only the stand-alone executable can call it. */
export interface Libc {
  /** a pipe whose ends no other program inherits unless it is given one */
  makePipe(): { readonly readEnd: number; readonly writeEnd: number };
  /** a child process that has ended and was not collected yet, which it stays; null: there is none now */
  endedChild(): number | null;
  /** collects a child that has ended */
  collect(pid: number): void;
  /** becomes a user for good, in all threads; the runtime takes neither large ids nor more than 64 groups */
  become(uid: number, gid: number, groups: readonly number[]): void;
}

type Call = (...values: readonly (number | Int32Array)[]) => number;

/** Bun's foreign functions; `bun:ffi` has no types outside of Bun. */
export interface ForeignFunctions {
  dlopen: (
    file: string,
    signatures: Readonly<Record<string, { args: readonly string[]; returns: string }>>,
  ) => { symbols: Readonly<Record<string, Call>> };
  /** the address of memory; only shared memory keeps it */
  ptr: (memory: Uint8Array | Uint32Array) => number;
}

const closeOnExec = 0o2000000;
const setPipeSize = 1031;
const pipeSize = 1 << 20;
const everyChild = 0;
const exited = 4;
const doNotWait = 1;
const doNotCollect = 0x01000000;
/** Of `siginfo_t` on 64-bit Linux, in 32-bit words. */
const siginfo = { words: 32, pid: 4 };

async function openForeign(): Promise<ForeignFunctions | null> {
  if (process.versions['bun'] === undefined) return null;
  const name = 'bun:ffi';
  return (await import(name)) as ForeignFunctions;
}

function openLibc({ dlopen }: ForeignFunctions): Libc {
  const { symbols } = dlopen('libc.so.6', {
    fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    pipe2: { args: ['ptr', 'i32'], returns: 'i32' },
    setgroups: { args: ['u64', 'ptr'], returns: 'i32' },
    setresgid: { args: ['u32', 'u32', 'u32'], returns: 'i32' },
    setresuid: { args: ['u32', 'u32', 'u32'], returns: 'i32' },
    waitid: { args: ['i32', 'i32', 'ptr', 'i32', 'ptr'], returns: 'i32' },
    waitpid: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  });
  const call = (name: string, ...values: readonly (number | Int32Array)[]) => symbols[name]!(...values);
  return {
    makePipe() {
      const ends = new Int32Array(2);
      if (call('pipe2', ends, closeOnExec) !== 0) throw new Error('the system makes no pipe');
      // A bigger one means fewer turns between the command and us; where it is not to be had the usual one does.
      call('fcntl', ends[0]!, setPipeSize, pipeSize);
      return { readEnd: ends[0]!, writeEnd: ends[1]! };
    },
    endedChild() {
      const info = new Int32Array(siginfo.words);
      const failed = call('waitid', everyChild, 0, info, exited | doNotWait | doNotCollect, 0) !== 0;
      return failed || info[siginfo.pid] === 0 ? null : info[siginfo.pid]!;
    },
    collect: (pid) => void call('waitpid', pid, new Int32Array(1), doNotWait),
    become(uid, gid, groups) {
      const ids = new Int32Array(Math.max(1, groups.length));
      ids.set(groups);
      const done =
        call('setgroups', groups.length, ids) === 0 &&
        call('setresgid', gid, gid, gid) === 0 &&
        call('setresuid', uid, uid, uid) === 0;
      if (!done) throw new Error(`the system does not let us become ${uid}:${gid}`);
    },
  };
}

/** Null under Node. */
export const foreign: ForeignFunctions | null = await openForeign();

/** The C library; null under Node, which has no way to it. */
export const libc: Libc | null = foreign === null ? null : openLibc(foreign);

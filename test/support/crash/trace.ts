import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Change } from './disk.ts';

/** Everything that changes a disk, and what is needed to know where and as whom. */
const calls = `
  open openat creat mkdir mkdirat rename renameat renameat2 unlink unlinkat rmdir link linkat symlink symlinkat
  ftruncate truncate write pwrite64 writev pwritev chmod fchmod fchmodat chown lchown fchown fchownat fsync fdatasync
  syncfs copy_file_range setxattr fsetxattr chdir clone clone3 fork vfork setuid setgid setresuid setresgid lseek`;

export interface Traced {
  readonly status: number | null;
  readonly output: string;
  /** what changed below `root`, in the order in which the system did it */
  readonly changes: Change[];
}

/** Runs a command as strace sees it, and answers all that it and its children changed below a directory. */
export function trace(
  root: string,
  log: string,
  command: readonly string[],
  env: Record<string, string>,
): Traced {
  const options = [
    '-f',
    // Stops at nothing else.
    '--seccomp-bpf',
    '-y',
    '-xx',
    '-s',
    '4194304',
    '--signal=none',
    '-e',
    `trace=${calls.trim().split(/\s+/).join()}`,
    '-e',
    // What is copied has to come by, and modes are set as modes.
    'inject=copy_file_range,setxattr,fsetxattr:error=EOPNOTSUPP',
    '-o',
    log,
  ];
  const done = spawnSync('strace', [...options, ...command], { env, encoding: 'latin1', cwd: root });
  const changes = readTrace(readFileSync(log, 'latin1'), root);
  return { status: done.status, output: `${done.stdout}${done.stderr}`, changes };
}

interface Process {
  cwd: string;
  uid: number;
  gid: number;
}

/** Reads what strace wrote; relative paths are followed from the directory that each process was in. */
export function readTrace(text: string, root: string): Change[] {
  const processes = new Map<string, Process>();
  const unfinished = new Map<string, string>();
  const descriptors = new Map<string, string>();
  const changes: Change[] = [];
  for (const raw of text.split('\n')) {
    const [, pid = '', written = ''] = /^(\d+) +(.*)$/s.exec(raw) ?? [];
    let line = written;
    if (line.endsWith('<unfinished ...>')) {
      unfinished.set(pid, line.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(line)?.[1];
    if (resumed !== undefined) line = `${unfinished.get(pid) ?? ''}${resumed}`;
    const call = /^(\w+)\((.*)\)\s+= (-?\d+)(?:<([^>]*)>)?/s.exec(line);
    if (call === null) continue;
    const [, name = '', parameters = '', result = '', opened] = call;
    const self = processes.get(pid) ?? { cwd: root, uid: 0, gid: 0 };
    processes.set(pid, self);
    const here = /AT_FDCWD<([^>]*)>/.exec(parameters)?.[1];
    if (here !== undefined) self.cwd = decode(here);
    if (Number(result) < 0) continue;
    if (['clone', 'clone3', 'fork', 'vfork'].includes(name)) {
      processes.set(result, { ...(processes.get(result) ?? self), uid: self.uid, gid: self.gid });
      continue;
    }
    const parts = split(parameters);
    if (opened !== undefined && name.startsWith('open')) descriptors.set(result, decode(opened));
    const change = interpret(name, parts, self, descriptors, opened, Number(result));
    for (const one of change) {
      const isBelow = one.path === root || one.path.startsWith(`${root}/`);
      if (isBelow || one.kind === 'told') changes.push(one);
    }
  }
  return changes;
}

function interpret(
  name: string,
  parts: readonly string[],
  self: Process,
  descriptors: ReadonlyMap<string, string>,
  opened: string | undefined,
  result: number,
): Change[] {
  const owner = { uid: self.uid, gid: self.gid };
  const number = (at: number) => Number.parseInt(parts[at] ?? '0', parts[at]?.startsWith('0') ? 8 : 10);
  const fromProc = (path: string) =>
    path.replace(/^\/proc\/self\/fd\/(\d+)/, (_, fd: string) => descriptors.get(fd) ?? '/nowhere');
  const path = (at: number, directory?: number) => {
    const base = directory === undefined ? self.cwd : pathOfDescriptor(parts[directory]);
    return resolve(base, fromProc(text(parts[at]).toString('utf8')));
  };
  const file = pathOfDescriptor(parts[0]);
  switch (name) {
    case 'chdir':
      self.cwd = path(0);
      return [];
    case 'setuid':
    case 'setresuid':
      self.uid = number(0);
      return [];
    case 'setgid':
    case 'setresgid':
      self.gid = number(0);
      return [];
    case 'open':
    case 'openat': {
      const at = name === 'open' ? 1 : 2;
      const flags = parts[at] ?? '';
      const what = opened === undefined ? path(at - 1) : decode(opened);
      if (!/O_(WRONLY|RDWR|CREAT)/.test(flags)) return [];
      const mode = flags.includes('O_CREAT') ? number(at + 1) : 0;
      return [
        {
          kind: 'open',
          path: what,
          create: flags.includes('O_CREAT'),
          truncate: flags.includes('O_TRUNC'),
          append: flags.includes('O_APPEND'),
          mode: mode & ~0o22,
          ...owner,
        },
      ];
    }
    case 'mkdir':
      return [{ kind: 'mkdir', path: path(0), mode: number(1) & ~0o22, ...owner }];
    case 'mkdirat':
      return [{ kind: 'mkdir', path: path(1, 0), mode: number(2) & ~0o22, ...owner }];
    case 'rename':
      return [{ kind: 'rename', path: path(0), to: path(1) }];
    case 'renameat':
    case 'renameat2':
      return [{ kind: 'rename', path: path(1, 0), to: path(3, 2) }];
    case 'unlink':
    case 'rmdir':
      return [{ kind: 'remove', path: path(0) }];
    case 'unlinkat':
      return [{ kind: 'remove', path: path(1, 0) }];
    case 'link':
      return [{ kind: 'link', path: path(1), from: path(0) }];
    case 'linkat':
      return [{ kind: 'link', path: path(3, 2), from: path(1, 0) }];
    case 'symlink':
      return [{ kind: 'symlink', path: path(1), target: text(parts[0]).toString('utf8'), ...owner }];
    case 'symlinkat':
      return [{ kind: 'symlink', path: path(2, 1), target: text(parts[0]).toString('utf8'), ...owner }];
    case 'write':
      if (parts[0]?.startsWith('1<') && !file.startsWith('/'))
        return [{ kind: 'told', path: file, text: text(parts[1]).toString('utf8') }];
      return [{ kind: 'write', path: file, data: text(parts[1]), at: null }];
    case 'pwrite64':
      return [{ kind: 'write', path: file, data: text(parts[1]), at: number(3) }];
    case 'writev': {
      const data = [...(parts[1] ?? '').matchAll(/iov_base=("[^"]*")/g)].map(([, piece]) => text(piece));
      return [{ kind: 'write', path: file, data: Buffer.concat(data), at: null }];
    }
    case 'lseek':
      return [{ kind: 'seek', path: file, at: result }];
    case 'ftruncate':
      return [{ kind: 'truncate', path: file, size: number(1) }];
    case 'chmod':
      return [{ kind: 'chmod', path: path(0), mode: number(1) }];
    case 'fchmod':
      return [{ kind: 'chmod', path: file, mode: number(1) }];
    case 'fchmodat':
      return [{ kind: 'chmod', path: path(1, 0), mode: number(2) }];
    case 'chown':
    case 'lchown':
      return [{ kind: 'chown', path: path(0), uid: number(1), gid: number(2) }];
    case 'fchown':
      return [{ kind: 'chown', path: file, uid: number(1), gid: number(2) }];
    case 'fchownat':
      return [{ kind: 'chown', path: path(1, 0), uid: number(2), gid: number(3) }];
    case 'fsync':
    case 'fdatasync':
      return [{ kind: 'sync', path: file }];
    case 'syncfs':
      return [{ kind: 'sync-all', path: file }];
    default:
      throw new Error(`a call that the model of the disk does not know: ${name}`);
  }
}

/** `3<\x2f…>` or `AT_FDCWD<…>`; deleted files have a path that nothing lies at. */
function pathOfDescriptor(part = ''): string {
  const path = decode(/<([^>]*)>/.exec(part)?.[1] ?? '');
  return part.endsWith('(deleted)') ? join('/deleted', path) : path;
}

function text(part = ''): Buffer {
  return Buffer.from((/^"([^"]*)"/.exec(part)?.[1] ?? '').replaceAll('\\x', ''), 'hex');
}

function decode(hex: string): string {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex').toString('utf8');
}

/** Splits at commas that are in no brackets: all text is in hexadecimal, so none is in a string. */
function split(parameters: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < parameters.length; at++) {
    const character = parameters[at] ?? '';
    if ('[{'.includes(character)) depth += 1;
    else if (']}'.includes(character)) depth -= 1;
    else if (character === ',' && depth === 0) {
      parts.push(parameters.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...parts, parameters.slice(start).trim()];
}

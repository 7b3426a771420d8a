import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runsAllTests } from '../support/all-tests.ts';

const root = join(import.meta.dirname, '../..');

export const isRoot = process.getuid?.() === 0;

/** Accounts that every Linux has, and that are not root. */
export const someone = { user: 'nobody', ...idsOf('nobody') };
export const another = { user: 'daemon', ...idsOf('daemon') };

/** Who tasks run as in these tests, as ids: somebody else as root, ourselves otherwise. */
export const taskUid = isRoot ? someone.uid : (process.getuid?.() ?? 0);
export const taskGid = isRoot ? someone.gid : (process.getgid?.() ?? 0);

export interface Finished {
  readonly status: number | null;
  readonly output: string;
  /** the text of the command's lines, without those that say what is run */
  readonly task: string[];
}

export type Form = 'bundle' | 'executable';
const executables = join(root, 'dist/executables', `${process.platform}-${process.arch}`);

/** The forms of run-task to test: the executable where it is built from these sources, and all tests run. */
export const forms: readonly Form[] = runsAllTests && isBuilt() ? ['bundle', 'executable'] : ['bundle'];

function isBuilt(): boolean {
  const note = join(executables, 'built.json');
  if (!existsSync(note)) return false;
  const { digest } = JSON.parse(readFileSync(note, 'utf8')) as { digest: string };
  return digest === readFileSync(join(root, 'test/golden/run-task.sha256'), 'utf8').trim();
}

/** A folder that every user can reach, gone with the test; holds run-task as built from the sources. */
export class Sandbox {
  readonly path = mkdtempSync(join(tmpdir(), 'run-task-'));
  readonly bundle: string;
  /** what to start it with */
  readonly program: readonly [string, ...string[]];

  /** `change` may change the copy of the sources before it is built. */
  constructor(change: (folder: string) => void = () => undefined, form: Form = 'bundle') {
    chmodSync(this.path, 0o755);
    this.bundle = buildBelow(join(this.path, 'build'), change);
    this.program = form === 'bundle' ? [process.execPath, this.bundle] : [join(executables, 'run-task')];
  }

  folder(name: string): string {
    const path = join(this.path, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Runs run-task as root for `someone`, or as whoever we are. */
  run(args: readonly string[], env: Record<string, string> = {}, user: Who | null = someone): Finished {
    const who = isRoot && user !== null ? [`--user=${user.user}`, `--group=${user.group}`] : [];
    const [program, ...first] = this.program;
    const done = spawnSync(program, [...first, ...who, ...args], {
      cwd: this.path,
      encoding: 'latin1',
      env: { PATH: process.env['PATH'] ?? '', HOME: this.path, TASK_ID: 'task-one', ...env },
    });
    const output = `${done.stdout}${done.stderr}`;
    const task = output
      .split('\n')
      .flatMap((line) => /^\[task [^\]]*\] (?!executing \[)(.*)$/s.exec(line)?.[1] ?? []);
    return { status: done.status, output, task };
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface Who {
  readonly user: string;
  readonly group: string;
}

/** Builds run-task from copies of its sources in a folder; answers the bundle's path. */
export function buildBelow(folder: string, change: (folder: string) => void = () => undefined): string {
  const sources = ['base', 'archive', 'caches', 'run-task', 'fetch-content'].map((part) => `src/${part}`);
  for (const part of ['scripts', ...sources, 'package.json', 'tsconfig.json']) {
    mkdirSync(dirname(join(folder, part)), { recursive: true });
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  change(folder);
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const built = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: folder, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
  return join(folder, 'dist/run-task.mjs');
}

function idsOf(name: string): { uid: number; gid: number; group: string } {
  const row = (file: string, fits: (fields: string[]) => boolean) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(fits) ?? [];
  const account = row('/etc/passwd', ([user]) => user === name);
  const group = row('/etc/group', ([, , gid]) => gid === account[3]);
  return { uid: Number(account[2]), gid: Number(account[3]), group: group[0] ?? '' };
}

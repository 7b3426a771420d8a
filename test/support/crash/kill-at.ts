import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Who is killed: the command with all that it started, or the command's own process, as of a worker that forgets. */
export type Victims = 'group' | 'alone';

export type Killed =
  /** the call that was never done, as in `rename /the/path` */
  | { readonly state: 'killed'; readonly call: string }
  /** the command had fewer calls that change the disk */
  | { readonly state: 'ended'; readonly calls: number; readonly status: number };

/** Kills commands at system calls that change the disk, as `kill-at.c` says, which it is built from: needs cc, and root. */
export class Killer {
  private readonly folder: string;

  /** `folder` is a directory for the program and what it reports */
  constructor(folder: string) {
    this.folder = folder;
    const source = join(import.meta.dirname, 'kill-at.c');
    const built = spawnSync('cc', ['-O1', '-o', join(folder, 'kill-at'), source], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
  }

  /** Kills a command as it enters the nth of those calls, from 1; returns when nothing of it runs any more. */
  killAt(
    nth: number,
    victims: Victims,
    command: readonly string[],
    env: Record<string, string>,
    cwd: string,
  ): Killed {
    const report = join(this.folder, 'report');
    const done = spawnSync(join(this.folder, 'kill-at'), [String(nth), victims, report, ...command], {
      env,
      cwd,
      encoding: 'latin1',
      timeout: 300_000,
    });
    if (done.status !== 0) throw new Error(`kill-at ended with ${done.status}: ${done.stderr.slice(-900)}`);
    return readReport(report);
  }

  /** The same, beside others; answers also what was printed. */
  async killAtBeside(
    nth: number,
    victims: Victims,
    command: readonly string[],
    env: Record<string, string>,
  ): Promise<Killed & { readonly output: string }> {
    const report = join(this.folder, `report-${randomUUID()}`);
    const program = join(this.folder, 'kill-at');
    const output = await new Promise<string>((resolve, reject) => {
      execFile(program, [String(nth), victims, report, ...command], { env }, (error, stdout, stderr) => {
        if (error === null) resolve(`${stdout}${stderr}`);
        else reject(error);
      });
    });
    const killed = readReport(report);
    rmSync(report);
    return { ...killed, output };
  }
}

function readReport(path: string): Killed {
  const [, what, number, rest = ''] = /^(\w+) (\d+) (.*)/s.exec(readFileSync(path, 'latin1')) ?? [];
  return what === 'killed'
    ? { state: 'killed', call: rest.trim() }
    : { state: 'ended', calls: Number(number), status: Number(rest) };
}

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../../src/caches/open-store.ts';
import type { BackEnd, Store } from '../../../src/caches/store.ts';
import type { Killer, Victims } from '../../support/crash/kill-at.ts';
import { inside } from '../inside.ts';
import { requestOf } from '../store-request.ts';
import { allowed, expectedOf, fork, type Life, trusted } from './expected.ts';
import { treesIn, whatIsLeft } from './left.ts';

/** Calls of the system that change a disk, and those that make a change durable. */
export const calls =
  'mkdir,rmdir,rename,link,unlink,fsync,ftruncate,chmod,fchmod,chown,lchown,fchown,utimensat,openat';

export interface Point {
  readonly call: string;
  /** counts from 1 */
  readonly nth: number;
  /** the call with its arguments, ids left out */
  readonly shape: string;
}

export interface Cut {
  readonly point: Point;
  readonly verdict: 'complete' | 'rolled back' | 'cleaned' | 'wrong';
  readonly why: string;
}

/** One store that is cut off again and again. */
export class Trial {
  readonly #root: string;
  readonly #log: string;
  readonly #program: string;
  readonly backEnd: BackEnd;
  readonly #life: Life;

  constructor(folder: string, program: string, backEnd: BackEnd) {
    const own = mkdtempSync(join(folder, `${backEnd}-`));
    this.#root = join(own, 'caches');
    this.#log = join(own, 'trace');
    this.#program = program;
    this.backEnd = backEnd;
    this.#life = { name: 'usual', backEnd, isRecorded: false };
  }

  /** Every call of a whole run, below the store, that changes something. */
  async points(): Promise<Point[]> {
    const { status, output } = await this.#run([]);
    if (status !== 0 || output.includes('failed')) throw new Error(`the scenario fails: ${output}`);
    const counts = new Map<string, number>();
    return readFileSync(this.#log, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const call = /^(?:\d+ +)?(\w+)\(/.exec(line)?.[1];
        if (call === undefined) return [];
        const nth = (counts.get(call) ?? 0) + 1;
        counts.set(call, nth);
        const isOurs = line.includes(this.#root) && (call !== 'openat' || /O_CREAT|O_TRUNC/.test(line));
        return isOurs ? [{ call, nth, shape: this.#shape(line) }] : [];
      });
  }

  #shape(line: string): string {
    return line
      .replaceAll(this.#root, '')
      .replace(/\s+= .*$/, '')
      .replaceAll(/[0-9a-f]{12,16}|\d{6,}(\.jsonl)?|-\w{8}\b|\d+\.\d+-\w+/g, '#')
      .replaceAll(/\d+</g, '<')
      .replaceAll(/AT_FDCWD<[^>]*>, /g, '')
      .replaceAll(/, \[.*/g, ', …)');
  }

  /** Killed as it enters the n-th call that changes the disk; the number of calls when there are fewer. */
  async kill(killer: Killer, nth: number, victims: Victims): Promise<Cut | number> {
    rmSync(this.#root, { recursive: true, force: true });
    mkdirSync(this.#root);
    const command = [process.execPath, this.#program, this.#root, this.backEnd];
    const killed = await killer.killAtBeside(nth, victims, command, { PATH: process.env['PATH'] ?? '' });
    if (killed.state === 'ended') {
      if (killed.status !== 0 || killed.output.includes('failed'))
        throw new Error(`the scenario fails: ${killed.output}`);
      return killed.calls;
    }
    const [call = ''] = killed.call.split(' ');
    const point = { call, nth, shape: this.#shape(killed.call) };
    return { point, verdict: 'complete', why: killed.output };
  }

  /** The call, and with `onwards` all later ones of its kind, fails. */
  async fail({ call, nth, shape }: Point, code: string, onwards: boolean): Promise<Cut> {
    const point = { call: `${call} ${code}${onwards ? ' from then on' : ''}`, nth, shape };
    const inject = `inject=${call}:error=${code}:when=${nth}${onwards ? '+' : ''}`;
    const { status, output } = await this.#run(['-e', inject]);
    if (status !== 0) return { point, verdict: 'wrong', why: `exit ${status}: ${output.slice(-1500)}` };
    return { point, verdict: 'complete', why: output };
  }

  async #run(inject: readonly string[]): Promise<{ status: string | number; output: string }> {
    rmSync(this.#root, { recursive: true, force: true });
    mkdirSync(this.#root);
    const trace = [
      '-y',
      '-s',
      '300',
      '-e',
      `trace=${calls}`,
      '-e',
      'signal=none',
      ...inject,
      '-o',
      this.#log,
    ];
    const command = [...trace, process.execPath, this.#program, this.#root, this.backEnd];
    return new Promise((resolve) => {
      execFile('strace', command, { timeout: 100_000 }, (error, stdout, stderr) => {
        const status = error === null ? 0 : (error.code ?? error.signal ?? 'unknown');
        resolve({ status, output: `${stdout}${stderr}` });
      });
    });
  }

  /** What a later process finds: exactly one of the states that may be there; afterwards nothing is open or left. */
  async judge(cut: Cut, mayBeAny: boolean): Promise<Cut> {
    if (cut.verdict === 'wrong') return cut;
    const last = Number([...cut.why.matchAll(/^(\d+) (?:done|failed)/gm)].at(-1)?.[1] ?? -1);
    const before = treesIn(this.#root).length;
    const wrong = (why: string): Cut => ({ ...cut, verdict: 'wrong', why: `after step ${last}: ${why}` });
    try {
      const store = await openStore(this.#root, { backEnd: this.backEnd });
      await store.reconcile();
      await store.drain();
      const problem = (await whatIsLeft(this.#root, store)) ?? (await this.#misfit(store, last, mayBeAny));
      if (problem !== null) return wrong(problem);
      const isCleaned = treesIn(this.#root).length < before;
      await this.#normalRun(store);
      const isComplete = this.#isNext(last);
      return { ...cut, verdict: isComplete ? 'complete' : isCleaned ? 'cleaned' : 'rolled back', why: '' };
    } catch (error) {
      return wrong(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  readonly #seen = new Map<string, string | null>();

  async #misfit(store: Store, last: number, mayBeAny: boolean): Promise<string | null> {
    const expected = expectedOf(this.#life);
    this.#seen.clear();
    for (const name of Object.keys(expected)) {
      const content = await contentOf(store, name);
      this.#seen.set(name, content);
      const may = mayBeAny
        ? [null, ...(expected[name] ?? []).map(([, one]) => one), './file: more', '']
        : allowed(this.#life, name, last);
      if (!may.includes(content)) return `${name} holds ${content}, not ${may.join(' or ')}`;
    }
    return null;
  }

  #isNext(last: number): boolean {
    return Object.keys(expectedOf(this.#life)).some((name) => {
      const [now, next] = allowed(this.#life, name, last);
      return now !== next && this.#seen.get(name) === next;
    });
  }

  async #normalRun(store: Store): Promise<void> {
    const lease = await store.lease(requestOf('after'));
    inside(lease, 'echo well > file');
    const { kind } = await lease.commit();
    if (kind !== 'committed') throw new Error(`a normal run afterwards is ${kind}`);
    await store.drain();
  }
}

/** What a run of that cache starts from, or null when it starts cold; copied, since a direct lease is in place. */
export async function contentOf(store: Store, name: string): Promise<string | null> {
  const request = [trusted, fork].find((one) => one.name === name) ?? requestOf(name);
  const listed = (await store.list()).filter((cache) => cache.name === name && cache.instances.length > 0);
  if (listed.length === 0) return null;
  const lease = await store.lease(request);
  const script = 'for f in $(find . -type f | sort); do echo "$f:" $(cat "$f"); done';
  const content = lease.from === null ? null : inside(lease, script).replaceAll('\n', ' ');
  await lease.commit();
  return content;
}

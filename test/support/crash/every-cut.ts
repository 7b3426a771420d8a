import { join } from 'node:path';
import { type Change, Disk } from './disk.ts';
import { afterPowerLoss, replay } from './power-loss.ts';
import { trace } from './trace.ts';

export type Verdict = 'complete' | 'mended' | 'refused' | 'wrong';

export interface Outcome {
  readonly verdict: Verdict;
  readonly why: string;
}

export type PowerLoss = 'none' | 'any order' | 'owners in order';

/** Which part of the states is tried, 0 to 1. */
export interface Share {
  readonly kills: number;
  readonly losses: number;
  readonly seed: number;
}

export interface Report {
  readonly scenario: string;
  readonly calls: number;
  readonly tried: number;
  /** states among those that were not the same as an earlier one */
  readonly states: number;
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly wrong: string[];
}

/** What a run changed below a directory, and what was there before. */
export interface Recording {
  readonly root: string;
  readonly changes: readonly Change[];
  /** the directory as it was before the run */
  readonly fresh: () => Disk;
}

/** Runs a command once under strace, and checks that the model of the disk arrives at what the run left. */
export function record(
  root: string,
  place: string,
  command: readonly string[],
  env: Record<string, string>,
): Recording {
  const before = join(place, 'before');
  Disk.read(root).write(before);
  const fresh = () => new Disk(root, Disk.read(before).top);
  const { status, output, changes } = trace(root, join(place, 'trace'), command, env);
  if (status !== 0) throw new Error(output);
  const modelled = replay(fresh(), changes).lines();
  const real = Disk.read(root).lines();
  if (modelled.join('\n') !== real.join('\n')) {
    const odd = [
      ...modelled.filter((line) => !real.includes(line)),
      ...real.filter((line) => !modelled.includes(line)),
    ];
    throw new Error(`the model of the disk is wrong: ${odd.slice(0, 8).join('\n')}`);
  }
  return { root, changes, fresh };
}

/** A state of the disk in which a recorded run may leave it. */
export interface Cut {
  readonly state: Disk;
  /** what the run had done */
  readonly done: readonly Change[];
  /** in words */
  readonly what: string;
}

/**
 * The states in which a kill after each change, or a power loss, leaves the disk, or a part of them; of those that are
 * equal, and of which as much was `promised`, the first. Default: everything that was told is a promise.
 */
export function* cutsOf(
  { root, changes, fresh }: Recording,
  powerLoss: PowerLoss,
  share: Share,
  promised: (done: readonly Change[]) => string = toldIn,
): Generator<Cut> {
  const seen = new Set<string>();
  const random = randomFrom(share.seed);
  const inWords = (at: number) => `${changes[at]?.kind} ${changes[at]?.path.slice(root.length)}`;
  for (let end = 0; end <= changes.length; end++) {
    const done = changes.slice(0, end);
    const where = `after ${end} of ${changes.length} (${inWords(end - 1)})`;
    const promise = promised(done);
    const cut = function* (what: string, make: () => Disk, part: number): Generator<Cut> {
      if (random() >= part) return;
      const state = make();
      const key = `${state.digest()} ${promise}`;
      if (seen.has(key)) return;
      seen.add(key);
      yield { state, done, what: `${what} ${where}` };
    };
    yield* cut('kill', () => replay(fresh(), done), share.kills);
    if (powerLoss === 'none') continue;
    for (const { missing, make } of afterPowerLoss(fresh, done, powerLoss === 'owners in order')) {
      const words = missing.slice(0, 8).map((at) => `${at} ${inWords(at)}`);
      yield* cut(`power loss (of ${missing.length}: ${words.join(', ')})`, make, share.losses);
    }
  }
}

/** All that a run has told so far. */
export function toldIn(done: readonly Change[]): string {
  return done.flatMap((change) => (change.kind === 'told' ? [change.text] : [])).join('');
}

/** Counts what became of each state. */
export class Tally {
  readonly #scenario: string;
  readonly #calls: number;
  readonly #counts: Record<Verdict, number> = { complete: 0, mended: 0, refused: 0, wrong: 0 };
  readonly wrong: string[] = [];
  #states = 0;

  constructor(scenario: string, calls: number) {
    this.#scenario = scenario;
    this.#calls = calls;
  }

  /** `isNew` false: the state was one that has been judged */
  add(what: string, { verdict, why }: Outcome, isNew = true): void {
    this.#counts[verdict] += 1;
    if (isNew) this.#states += 1;
    if (verdict === 'wrong') this.wrong.push(`${what}: ${why}`);
  }

  get report(): Report {
    const tried = Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    return {
      scenario: this.#scenario,
      calls: this.#calls,
      tried,
      states: this.#states,
      counts: this.#counts,
      wrong: this.wrong,
    };
  }
}

export function formatReports(reports: readonly Report[]): string {
  const rows = reports.map(({ scenario, calls, tried, states, counts }) =>
    [scenario, calls, tried, states, counts.complete, counts.mended, counts.refused, counts.wrong].map(
      String,
    ),
  );
  const all = [
    ['cut off', 'changes', 'cuts tried', 'states', 'complete', 'mended', 'refused', 'WRONG'],
    ...rows,
  ];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

/** Numbers from 0 to 1, always the same ones. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckoutTrial } from '../hostile/repository.ts';
import type { Change } from '../../support/crash/disk.ts';
import {
  cutsOf,
  type Outcome,
  type PowerLoss,
  randomFrom,
  record,
  type Report,
  type Share,
  Tally,
} from '../../support/crash/every-cut.ts';
import { type Killed, Killer, type Victims } from '../../support/crash/kill-at.ts';
import { digestOf } from './state.ts';

export interface Run {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
}

/** A run of run-task that is cut off, and what must be so afterwards. */
export interface Scenario {
  readonly name: string;
  /** fills the cache before the run that is cut off */
  prepare(cache: string): void;
  run(cache: string): Run;
  /** looks at a cache in which the run was cut off after `done` of its changes, if it is known, runs a normal task, and judges */
  judge(cache: string, done: readonly Change[]): Outcome;
  /** what `judge` takes from `done`, in a word; absent: nothing */
  readonly promised?: (done: readonly Change[]) => string;
  readonly powerLoss: PowerLoss;
}

/** One scenario that is cut off again and again. */
export class CutOff {
  readonly #scenario: Scenario;
  readonly #trial: CheckoutTrial;
  readonly #place: string;
  readonly #cache: string;
  readonly #prepared: string;
  readonly #temporary: string;
  readonly #killer: Killer;
  /** what came of the states that real kills left */
  readonly #judged = new Map<string, Outcome>();

  constructor(scenario: Scenario, trial: CheckoutTrial) {
    this.#scenario = scenario;
    this.#trial = trial;
    this.#place = trial.box.folder(`cut-off-${scenario.name.replaceAll(/\W+/g, '-')}`);
    this.#cache = join(this.#place, 'cache');
    this.#prepared = join(this.#place, 'prepared');
    this.#temporary = join(this.#place, 'tmp');
    mkdirSync(this.#cache);
    scenario.prepare(this.#cache);
    renameSync(this.#cache, this.#prepared);
    this.#killer = new Killer(this.#place);
  }

  /** Tries the states in which a kill after each change of the run, or a power loss, leaves the cache. */
  model(share: Share, untilWrong = false): Report {
    const { name, powerLoss, promised = () => '' } = this.#scenario;
    this.#startAnew();
    const { command, env } = this.#scenario.run(this.#cache);
    const recording = record(this.#cache, this.#place, command, env);
    const tally = new Tally(`${name}, model`, recording.changes.filter(({ kind }) => kind !== 'told').length);
    for (const cut of cutsOf(recording, powerLoss, share, promised)) {
      rmSync(this.#cache, { recursive: true, force: true });
      cut.state.write(this.#cache);
      tally.add(cut.what, this.#scenario.judge(this.#cache, cut.done));
      if (untilWrong && tally.wrong.length > 0) break;
    }
    return tally.report;
  }

  /** Has the run killed at one call after another, and judges what each kill left, unless another left the same. */
  kills(victims: Victims, share: Pick<Share, 'kills' | 'seed'>, untilWrong = false): Report {
    const whole = this.#killAt(0, victims);
    if (whole.state !== 'ended') throw new Error(`${this.#scenario.name}: killed at no call`);
    const who = victims === 'group' ? 'all' : 'run-task';
    const tally = new Tally(`${this.#scenario.name}, SIGKILL to ${who}`, whole.calls);
    if (whole.status === 0) this.#judge('not killed', tally);
    else tally.add('not killed', { verdict: 'wrong', why: `exit ${whole.status}` });
    for (const nth of someOf(whole.calls, share)) {
      if (untilWrong && tally.wrong.length > 0) break;
      const killed = this.#killAt(nth, victims);
      // Two threads may be quicker than last time: then there is one call less.
      if (killed.state === 'ended') continue;
      this.#judge(`SIGKILL at ${nth} of ${whole.calls} (${killed.call})`, tally);
    }
    return tally.report;
  }

  remove(): void {
    rmSync(this.#place, { recursive: true, force: true });
  }

  #killAt(nth: number, victims: Victims): Killed {
    this.#startAnew();
    const { command, env } = this.#scenario.run(this.#cache);
    return this.#killer.killAt(
      nth,
      victims,
      command,
      { ...env, TMPDIR: this.#temporary },
      this.#trial.box.path,
    );
  }

  #startAnew(): void {
    for (const path of [this.#cache, this.#temporary]) rmSync(path, { recursive: true, force: true });
    mkdirSync(this.#temporary);
    chmodSync(this.#temporary, 0o1777);
    execFileSync('cp', ['-a', this.#prepared, this.#cache]);
  }

  #judge(what: string, tally: Tally): void {
    const state = digestOf(this.#cache);
    const known = this.#judged.get(state);
    const outcome = known ?? this.#scenario.judge(this.#cache, []);
    this.#judged.set(state, outcome);
    tally.add(what, outcome, known === undefined);
  }
}

/** Numbers from 1, in an order by which no region is left for last. */
function someOf(count: number, { kills, seed }: Pick<Share, 'kills' | 'seed'>): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, index) => ({ nth: index + 1, key: random() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, Math.ceil(count * kills))
    .map(({ nth }) => nth);
}

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
import { Killer, type Victims } from '../../support/crash/kill-at.ts';

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
  readonly powerLoss: PowerLoss;
}

/** Tries the states in which a kill after each change of a scenario's run, or a power loss, leaves the cache. */
export function tryEveryCut(
  scenario: Scenario,
  trial: CheckoutTrial,
  share: Share,
  untilWrong = false,
): Report {
  const place = trial.box.folder(`crash-${scenario.name.replaceAll(/\W+/g, '-')}-${Date.now()}`);
  const cache = join(place, 'cache');
  mkdirSync(cache);
  scenario.prepare(cache);
  const { command, env } = scenario.run(cache);
  const recording = record(cache, place, command, env);
  const calls = recording.changes.filter(({ kind }) => kind !== 'told').length;
  const tally = new Tally(scenario.name, calls);
  for (const cut of cutsOf(recording, scenario.powerLoss, share)) {
    rmSync(cache, { recursive: true, force: true });
    cut.state.write(cache);
    tally.add(cut.what, scenario.judge(cache, cut.done));
    if (untilWrong && tally.wrong.length > 0) break;
  }
  rmSync(place, { recursive: true, force: true });
  return tally.report;
}

/** Runs a scenario again and again, has it killed at one call after another, and judges what each kill left. */
export function killAtEveryCall(
  scenario: Scenario,
  trial: CheckoutTrial,
  victims: Victims,
  share: Pick<Share, 'kills' | 'seed'>,
  untilWrong = false,
): Report {
  const place = trial.box.folder(`kill-${scenario.name.replaceAll(/\W+/g, '-')}-${Date.now()}`);
  const cache = join(place, 'cache');
  const before = join(place, 'before');
  const temporary = join(place, 'tmp');
  mkdirSync(cache);
  scenario.prepare(cache);
  renameSync(cache, before);
  const killer = new Killer(place);
  const run = (nth: number) => {
    for (const path of [cache, temporary]) rmSync(path, { recursive: true, force: true });
    mkdirSync(temporary);
    chmodSync(temporary, 0o1777);
    execFileSync('cp', ['-a', before, cache]);
    const { command, env } = scenario.run(cache);
    return killer.killAt(nth, victims, command, { ...env, TMPDIR: temporary }, trial.box.path);
  };
  const whole = run(0);
  if (whole.state !== 'ended') throw new Error(`${scenario.name}: killed at no call`);
  const tally = new Tally(
    `${scenario.name}, SIGKILL to ${victims === 'group' ? 'all' : 'run-task'}`,
    whole.calls,
  );
  const isDone = whole.status === 0;
  tally.add(
    'not killed',
    isDone ? scenario.judge(cache, []) : { verdict: 'wrong', why: `exit ${whole.status}` },
  );
  for (const nth of someOf(whole.calls, share)) {
    if (untilWrong && tally.wrong.length > 0) break;
    const killed = run(nth);
    // Two threads may be quicker than last time: then there is one call less.
    if (killed.state === 'ended') continue;
    tally.add(`SIGKILL at ${nth} of ${whole.calls} (${killed.call})`, scenario.judge(cache, []));
  }
  rmSync(place, { recursive: true, force: true });
  return tally.report;
}

/** Numbers from 1, in an order by which no region is left for last. */
function someOf(count: number, { kills, seed }: Pick<Share, 'kills' | 'seed'>): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, index) => ({ nth: index + 1, key: random() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, Math.ceil(count * kills))
    .map(({ nth }) => nth);
}

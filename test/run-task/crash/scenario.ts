import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckoutTrial } from '../hostile/repository.ts';
import { type Change, Disk } from '../../support/crash/disk.ts';
import { Killer, type Victims } from '../../support/crash/kill-at.ts';
import { afterPowerLoss, replay } from '../../support/crash/power-loss.ts';
import { trace } from '../../support/crash/trace.ts';

export type Verdict = 'complete' | 'mended' | 'refused' | 'wrong';

export interface Outcome {
  readonly verdict: Verdict;
  readonly why: string;
}

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
  readonly powerLoss: 'none' | 'any order' | 'owners in order';
}

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
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly wrong: string[];
}

/**
 * Runs a scenario once under strace, checks that the model of the disk arrives at what the run left, and then tries
 * the states in which a kill after each change, or a power loss, leaves the cache.
 */
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
  const before = join(place, 'before');
  Disk.read(cache).write(before);
  const fresh = () => new Disk(cache, Disk.read(before).top);
  const { command, env } = scenario.run(cache);
  const traced = trace(cache, join(place, 'trace'), command, env);
  if (traced.status !== 0) throw new Error(traced.output);
  const { changes } = traced;
  const modelled = replay(fresh(), changes).lines();
  const real = Disk.read(cache).lines();
  if (modelled.join('\n') !== real.join('\n')) {
    const odd = [
      ...modelled.filter((line) => !real.includes(line)),
      ...real.filter((line) => !modelled.includes(line)),
    ];
    throw new Error(`the model of the disk is wrong: ${odd.slice(0, 8).join('\n')}`);
  }

  const counts: Record<Verdict, number> = { complete: 0, mended: 0, refused: 0, wrong: 0 };
  const wrong: string[] = [];
  const seen = new Set<string>();
  const random = randomFrom(share.seed);
  for (let end = 0; end <= changes.length; end++) {
    if (untilWrong && wrong.length > 0) break;
    const done = changes.slice(0, end);
    const states = [replay(fresh(), done)];
    if (scenario.powerLoss !== 'none') {
      states.push(...afterPowerLoss(fresh, done, scenario.powerLoss === 'owners in order'));
    }
    for (const [index, state] of states.entries()) {
      const digest = state.digest();
      if (seen.has(digest)) continue;
      seen.add(digest);
      if (random() >= (index === 0 ? share.kills : share.losses)) continue;
      rmSync(cache, { recursive: true, force: true });
      state.write(cache);
      const { verdict, why } = scenario.judge(cache, done);
      counts[verdict] += 1;
      if (verdict !== 'wrong') continue;
      const last = changes[end - 1];
      const cut = index === 0 ? 'kill' : 'power loss';
      wrong.push(
        `${cut} after ${end} of ${changes.length} (${last?.kind} ${last?.path.slice(cache.length)}): ${why}`,
      );
    }
  }
  rmSync(place, { recursive: true, force: true });
  return { scenario: scenario.name, calls: changes.length, tried: sumOf(counts), counts, wrong };
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
  if (whole.state !== 'ended' || whole.status !== 0)
    throw new Error(`${scenario.name}: ${JSON.stringify(whole)}`);

  const counts: Record<Verdict, number> = { complete: 0, mended: 0, refused: 0, wrong: 0 };
  const wrong: string[] = [];
  for (const nth of someOf(whole.calls, share)) {
    if (untilWrong && wrong.length > 0) break;
    const killed = run(nth);
    // Two threads may be quicker than last time: then there is one call less.
    if (killed.state === 'ended') continue;
    const { verdict, why } = scenario.judge(cache, []);
    counts[verdict] += 1;
    if (verdict === 'wrong') wrong.push(`SIGKILL at ${nth} of ${whole.calls} (${killed.call}): ${why}`);
  }
  rmSync(place, { recursive: true, force: true });
  return {
    scenario: `${scenario.name}, SIGKILL to ${victims === 'group' ? 'all' : 'run-task'}`,
    calls: whole.calls,
    tried: sumOf(counts),
    counts,
    wrong,
  };
}

/** Numbers from 1, in an order by which no region is left for last. */
function someOf(count: number, { kills, seed }: Pick<Share, 'kills' | 'seed'>): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, index) => ({ nth: index + 1, key: random() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, Math.ceil(count * kills))
    .map(({ nth }) => nth);
}

export function formatReports(reports: readonly Report[]): string {
  const rows = reports.map(({ scenario, calls, tried, counts }) =>
    [scenario, calls, tried, counts.complete, counts.mended, counts.refused, counts.wrong].map(String),
  );
  const all = [
    ['cut off', 'changes', 'states tried', 'complete', 'mended', 'refused (72)', 'WRONG'],
    ...rows,
  ];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

function sumOf(counts: Readonly<Record<Verdict, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckoutTrial } from '../hostile/repository.ts';
import { type Change, Disk } from '../../support/crash/disk.ts';
import { afterPowerLoss, replay } from '../../support/crash/power-loss.ts';
import { trace } from '../../support/crash/trace.ts';

export type Verdict = 'complete' | 'mended' | 'refused' | 'wrong';

export interface Outcome {
  readonly verdict: Verdict;
  readonly why: string;
}

/** A run of run-task that is cut off, and what must be so afterwards. */
export interface Scenario {
  readonly name: string;
  /** fills the cache before the run that is cut off */
  prepare(cache: string): void;
  /** arguments and environment of that run */
  run(cache: string): { args: string[]; env: Record<string, string> };
  /** looks at a cache in which the run was cut off after `done` of its changes, runs a normal task, and judges */
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
  const { args, env } = scenario.run(cache);
  const traced = trace(cache, join(place, 'trace'), [process.execPath, trial.box.bundle, ...args], env);
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
  const tried = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { scenario: scenario.name, calls: changes.length, tried, counts, wrong };
}

/** Has the system kill run-task as it enters the n-th call of a kind, for every n that there is. */
export function killAtCalls(scenario: Scenario, trial: CheckoutTrial): { tried: number; wrong: string[] } {
  const place = trial.box.folder(`kill-${Date.now()}`);
  const cache = join(place, 'cache');
  const wrong: string[] = [];
  let tried = 0;
  for (const call of ['fsync', 'rename', 'fchown', 'lchown', 'fchmod']) {
    for (let nth = 1; ; nth++) {
      rmSync(cache, { recursive: true, force: true });
      mkdirSync(cache);
      scenario.prepare(cache);
      const { args, env } = scenario.run(cache);
      const inject = [
        '-f',
        '-o',
        '/dev/null',
        '-e',
        `trace=${call}`,
        '-e',
        `inject=${call}:signal=SIGKILL:when=${nth}`,
      ];
      const { signal } = spawnSync('strace', [...inject, process.execPath, trial.box.bundle, ...args], {
        env,
      });
      if (signal !== 'SIGKILL') break;
      tried += 1;
      const { verdict, why } = scenario.judge(cache, []);
      if (verdict === 'wrong') wrong.push(`SIGKILL in ${call} ${nth}: ${why}`);
    }
  }
  rmSync(place, { recursive: true, force: true });
  return { tried, wrong };
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

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

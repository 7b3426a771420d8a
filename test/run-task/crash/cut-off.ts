import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatReports, type Report } from '../../support/crash/every-cut.ts';
import { CheckoutTrial } from '../hostile/repository.ts';
import { forms, Sandbox } from '../wrapper.ts';
import { canTrace, isThorough, limit, seed } from './machine.ts';
import { CutOff, type Scenario } from './scenario.ts';

/** Which part of the cuts is tried unless all are: states of the model, and real kills of all and of run-task alone. */
export interface Shares {
  readonly model?: number;
  readonly losses?: number;
  readonly all?: number;
  readonly alone?: number;
  /** of the ways that have a share, when all cuts are tried; default: 1 */
  readonly thorough?: number;
}

/** The form that starts fastest: most of a cut's time is the start of programs. */
export const newTrial = (): CheckoutTrial => new CheckoutTrial(new Sandbox(undefined, forms.at(-1)));

/** Cuts scenarios off in the ways that have a share, and prints what came of it. */
export function cutOffAll(
  what: string,
  scenarios: readonly (readonly [(trial: CheckoutTrial) => Scenario, Shares])[],
  canRun = canTrace,
): void {
  describe.skipIf(!canRun)(`${what} (needs strace, cc and root, CAISSON_ALL_TESTS=1)`, () => {
    let trial: CheckoutTrial;
    const all: Report[] = [];
    beforeAll(() => {
      trial = newTrial();
    });
    afterAll(() => {
      trial.remove();
      process.stdout.write(`\n${formatReports(all)}\n\n`);
    });
    it.each(scenarios.map(([make, shares]) => [make.name, make, shares] as const))(
      '%s: wherever a run ends, what is left is complete, or mended by the next task',
      (_, make, shares) => {
        const reports = cutOff(make(trial), shares, trial);
        all.push(...reports);
        expect(reports.flatMap(({ wrong }) => wrong)).toEqual([]);
        expect(reports.map(({ counts }) => counts.refused)).toEqual(reports.map(() => 0));
        expect(reports.every(({ tried }) => tried > 1)).toBe(true);
      },
      limit,
    );
  });
}

/** One report for each way. */
export function cutOff(scenario: Scenario, shares: Shares, trial: CheckoutTrial): Report[] {
  const { model, losses = 0, all, alone, thorough = 1 } = shares;
  const part = (share: number) => (isThorough ? thorough : share);
  const cuts = new CutOff(scenario, trial);
  try {
    return [
      ...(model === undefined ? [] : [cuts.model({ kills: part(model), losses: part(losses), seed })]),
      ...(all === undefined ? [] : [cuts.kills('group', { kills: part(all), seed })]),
      ...(alone === undefined ? [] : [cuts.kills('alone', { kills: part(alone), seed })]),
    ];
  } finally {
    cuts.remove();
  }
}

import { afterAll, describe, expect, it } from 'vitest';
import { CheckoutTrial } from '../hostile/repository.ts';
import { formatReports, type Report } from '../../support/crash/every-cut.ts';
import { canTrace, isThorough, limit, seed } from './machine.ts';
import { killAtEveryCall, tryEveryCut } from './scenario.ts';
import { scenariosOf } from './scenarios.ts';

const all = { kills: 1, losses: 1, seed };

describe.skipIf(!canTrace)(
  'run-task that is killed, or loses power (needs strace, cc and root, CAISSON_ALL_TESTS=1)',
  () => {
    const trial = new CheckoutTrial();
    const scenarios = scenariosOf(trial);
    const reports: Report[] = [];
    afterAll(() => {
      trial.remove();
      process.stdout.write(`\n${formatReports(reports)}\n\n`);
    });

    it.each([
      ['writing', all],
      ['setUp', all],
      ['takeOver', { kills: 1, losses: 0.3, seed }],
      ['clone', { kills: 0.1, losses: 0, seed }],
      ['update', { kills: 0.25, losses: 0, seed }],
    ] as const)(
      '%s: at every change of the disk, what is left is complete, mended or refused by the next task',
      (name, share) => {
        const report = tryEveryCut(scenarios[name], trial, isThorough ? all : share);
        reports.push(report);
        expect(report.wrong).toEqual([]);
        expect(report.tried).toBeGreaterThan(5);
      },
      limit,
    );

    describe.each(['group', 'alone'] as const)('a real SIGKILL to %s, at every such call', (victims) => {
      it.each([
        ['setUp', 0.4],
        ['takeOver', 0.15],
        ['clone', 0.02],
        ['update', 0.03],
      ] as const)(
        '%s: the same',
        (name, kills) => {
          const share = { kills: isThorough ? 1 : kills, seed };
          const report = killAtEveryCall(scenarios[name], trial, victims, share);
          reports.push(report);
          expect(report.wrong).toEqual([]);
          expect(report.tried).toBeGreaterThan(2);
        },
        limit,
      );
    });
  },
);

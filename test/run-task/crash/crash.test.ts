import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CheckoutTrial } from '../hostile/repository.ts';
import { formatReports, type Report } from '../../support/crash/every-cut.ts';
import { Sandbox } from '../wrapper.ts';
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
        expect(report.tried).toBeGreaterThan(10);
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

    const requirements = 'src/caches/requirements-file.ts';
    it.each([
      ['the sync of the requirements', 'setUp', requirements, 'fsyncSync(fd);', ''],
      ['their rename', 'setUp', requirements, /renameSync\(.*\);/, ''],
      [
        'their temporary name',
        'setUp',
        requirements,
        /const temporary = .*;([^]*)renameSync\(.*\);/,
        'const temporary = join(cache, requirementsName);$1',
      ],
      ['the sync of their directory', 'setUp', requirements, 'syncDirectory(cache);', ''],
      [
        'the mark of a take-over',
        'takeOver',
        'src/run-task/cache.ts',
        /writeRequirements\(.*changingHands.*;/,
        '',
      ],
      ['the rename of a clone', 'clone', 'src/run-task/git-clone.ts', 'isWritable(parent) ?', 'false ?'],
      ['the mark of an update', 'update', 'src/run-task/git.ts', /marker\.set\(\);\s+try/, 'try'],
    ] as const)(
      'sees when %s is left out',
      (_what, name, file, from, to) => {
        const change = (folder: string) => {
          const path = join(folder, file);
          const text = readFileSync(path, 'utf8');
          expect(text.replace(from, to)).not.toBe(text);
          writeFileSync(path, text.replace(from, to));
        };
        const mutant = new CheckoutTrial(new Sandbox(change));
        try {
          const share = name === 'clone' || name === 'update' ? { kills: 0.15, losses: 0, seed } : all;
          const { wrong } = tryEveryCut(scenariosOf(mutant)[name], mutant, share, true);
          expect(wrong).not.toEqual([]);
        } finally {
          mutant.remove();
        }
      },
      limit,
    );
  },
);

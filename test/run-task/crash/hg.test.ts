import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CheckoutTrial } from '../hostile/repository.ts';
import { formatReports, type Report } from '../../support/crash/every-cut.ts';
import { someone } from '../wrapper.ts';
import { canTrace, isThere, isThorough, limit, seed } from './machine.ts';
import { type Scenario, tryEveryCut } from './scenario.ts';

const which = (program: string) => spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim();

describe.skipIf(!canTrace || !isThere('hg'))(
  'run-task that is killed while it checks out with hg (needs strace, hg and root, CAISSON_ALL_TESTS=1)',
  () => {
    const trial = new CheckoutTrial();
    const reports: Report[] = [];
    afterAll(() => {
      trial.remove();
      process.stdout.write(`\n${formatReports(reports)}\n\n`);
    });
    const source = join(trial.box.path, 'hg-source');
    const settings = join(trial.box.path, 'hgrc');
    writeFileSync(settings, '[ui]\nusername = t\n[chgserver]\nidletimeout = 600\n');
    // Most of the time of a short hg is its start: tasks that judge ask one that stays, as hg's own chg does it.
    const quick = trial.box.folder('quick');
    if (isThere('chg')) symlinkSync(which('chg'), join(quick, 'hg'));
    mkdirSync(source);
    const hg = (...args: string[]) => {
      const done = spawnSync('hg', args, {
        cwd: source,
        encoding: 'utf8',
        env: { ...process.env, HGRCPATH: settings },
      });
      if (done.status !== 0) throw new Error(done.stderr);
      return done.stdout.trim();
    };
    const commit = (text: string) => {
      for (const name of ['README', `file-${text}`]) writeFileSync(join(source, name), `${text}\n`);
      hg('commit', '-q', '--addremove', '-m', text);
    };
    hg('init', '.');
    commit('one');

    const run = (cache: string, task = 'true') => ({
      command: [
        process.execPath,
        trial.box.bundle,
        `--user=${someone.user}`,
        `--group=${someone.group}`,
        `--vcs-checkout=${cache}/src`,
        '--',
        'sh',
        '-c',
        `cd ${cache}/src && ${task}`,
      ],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: trial.box.path,
        TASKCLUSTER_CACHES: cache,
        HGRCPATH: settings,
        HG_STORE_PATH: `${cache}/store`,
        VCS_REPOSITORY_TYPE: 'hg',
        VCS_HEAD_REPOSITORY: source,
        VCS_HEAD_REF: 'default',
      },
    });
    const isWhole = () =>
      `test -z "$(hg status)" && test "$(hg id -i --debug)" = ${hg('id', '-i', '--debug')} && hg verify -q && test ! -e .hg/run-task-changing`;
    const start = (cache: string) => {
      const { command, env } = run(cache, isWhole());
      const [program = '', ...args] = command;
      const done = spawnSync(program, args, {
        env: { ...env, PATH: `${quick}:${env.PATH}`, CHGHG: which('hg') },
        encoding: 'latin1',
      });
      return { status: done.status, output: `${done.stdout}${done.stderr}` };
    };
    const judge: Scenario['judge'] = (cache) => {
      const { status, output } = start(cache);
      if (status === 72) return { verdict: 'refused', why: '' };
      if (status !== 0) return { verdict: 'wrong', why: `exit ${status}: ${output.slice(-900)}` };
      return {
        verdict: /killed while|cloned again|rolling back/.test(output) ? 'mended' : 'complete',
        why: '',
      };
    };

    it.each([
      ['cloning with hg', 0.01, () => undefined],
      [
        'updating with hg',
        0.012,
        (cache: string) => {
          expect(start(cache).status).toBe(0);
          commit(`at ${Date.now()}`);
        },
      ],
    ] as const)(
      '%s: what is left is complete, mended or refused by the next task',
      (name, share, before) => {
        const prepare = (cache: string) => {
          chownSync(cache, 0, 0);
          before(cache);
        };
        const report = tryEveryCut(
          { name, prepare, run: (cache) => run(cache), judge, powerLoss: 'none' },
          trial,
          {
            kills: isThorough ? 1 : share,
            losses: 0,
            seed,
          },
        );
        reports.push(report);
        expect(report.wrong).toEqual([]);
        expect(report.calls).toBeGreaterThan(50);
      },
      limit,
    );
  },
);

import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hgIn } from '../hg-in.ts';
import type { CheckoutTrial } from '../hostile/repository.ts';
import { isThere } from './machine.ts';
import type { Scenario } from './scenario.ts';
import { Tasks } from './tasks.ts';

const which = (program: string) => spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim();

/**
 * A clone into an empty cache, or with `updates` of its source one that exists is updated. Most of the time of a short
 * hg is its start: with `served` the run's own hg asks a server that the first one starts, as hg's own chg does it.
 */
function scenarioOf(
  trial: CheckoutTrial,
  what: string,
  { updates, served }: { updates: boolean; served: boolean },
): Scenario {
  const name = served ? `${what} as chg` : what;
  const tasks = new Tasks(trial);
  const source = trial.box.folder(`${name.replaceAll(' ', '-')}-source`);
  const settings = join(trial.box.path, 'hgrc');
  writeFileSync(settings, '[ui]\nusername = t\n[chgserver]\nidletimeout = 30\n');
  const quick = trial.box.folder(`${name.replaceAll(' ', '-')}-quick`);
  if (isThere('chg')) symlinkSync(which('chg'), join(quick, 'hg'));
  const servedHg = { PATH: `${quick}:${process.env['PATH'] ?? ''}`, CHGHG: which('hg') };
  const hg = hgIn(source, settings);
  const commit = (text: string) => {
    for (const file of ['README', `file-${text}`]) writeFileSync(join(source, file), `${text}\n`);
    hg('commit', '-q', '--addremove', '-m', text);
    return hg('id', '-i', '--debug');
  };
  hg('init', '.');
  let head = commit('one');

  const run = (cache: string, script = 'true', env: Record<string, string> = {}) =>
    tasks.run(
      cache,
      `cd ${cache}/src && ${script}`,
      {
        HGRCPATH: settings,
        HG_STORE_PATH: `${cache}/store`,
        VCS_REPOSITORY_TYPE: 'hg',
        VCS_HEAD_REPOSITORY: source,
        VCS_HEAD_REF: 'default',
        ...env,
      },
      [`--vcs-checkout=${cache}/src`],
    );
  const normal = (cache: string) =>
    run(
      cache,
      `test -z "$(hg status)" && test "$(hg id -i --debug)" = ${head} && hg verify -q && test ! -e .hg/run-task-changing`,
      servedHg,
    );
  return {
    name,
    prepare(cache) {
      tasks.fill(cache, tasks.run(cache, 'true'));
      if (!updates) return;
      tasks.fill(cache, normal(cache));
      head = commit('two');
    },
    run: (cache) => run(cache, 'true', served ? servedHg : {}),
    judge: (cache) => tasks.judge(normal(cache)),
    powerLoss: 'none',
  };
}

const cloning = 'cloning with hg';
const updating = 'updating with hg';
export const cloneHg = (trial: CheckoutTrial): Scenario =>
  scenarioOf(trial, cloning, { updates: false, served: false });
export const cloneChg = (trial: CheckoutTrial): Scenario =>
  scenarioOf(trial, cloning, { updates: false, served: true });
export const updateHg = (trial: CheckoutTrial): Scenario =>
  scenarioOf(trial, updating, { updates: true, served: false });
export const updateChg = (trial: CheckoutTrial): Scenario =>
  scenarioOf(trial, updating, { updates: true, served: true });

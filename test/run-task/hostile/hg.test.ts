import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hgIn } from '../hg-in.ts';
import { CheckoutTrial } from './repository.ts';
import { runsAllTests } from '../../support/all-tests.ts';

const hasHg = spawnSync('hg', ['--version', '-q'], { stdio: 'ignore' }).status === 0;

describe.skipIf(!runsAllTests || !hasHg)('a hostile task and hg (needs hg, CAISSON_ALL_TESTS=1)', () => {
  const trial = new CheckoutTrial();
  afterAll(() => trial.remove());
  const source = join(trial.box.path, 'hg-source');
  const settings = join(trial.box.path, 'hgrc');
  writeFileSync(settings, '[ui]\nusername = t\n');
  mkdirSync(source);

  const hg = hgIn(source, settings);
  const commit = (text: string) => {
    writeFileSync(join(source, 'README'), `${text}\n`);
    hg('commit', '-q', '--addremove', '-m', text);
    return hg('log', '-r', '.', '-T', '{node}');
  };
  const task = (script: string, more: Record<string, string> = {}, args: readonly string[] = []) =>
    trial.task(
      script,
      {
        VCS_REPOSITORY_TYPE: 'hg',
        VCS_HEAD_REPOSITORY: source,
        VCS_HEAD_REF: 'default',
        HG_STORE_PATH: join(trial.cache, 'hg-store'),
        HGRCPATH: settings,
        ...more,
      },
      args,
    );
  const start = (more: Record<string, string> = {}) => {
    trial.cache = trial.box.folder(`hg-cache-${++count}`);
    return task('true', more);
  };
  let count = 0;
  hg('init', '.');
  const first = commit('one');
  const state = 'hg status; hg log -r . -T "{node}\\n"; cat README; hg paths default';

  it('S13: plain hg: one store for the checkouts of a repository; by branch, then by a revision behind it', () => {
    const cold = start();
    expect(cold.status, cold.output).toBe(0);
    expect(task('ls $HG_STORE_PATH; echo $VCS_HEAD_REV').task).toEqual([first, first]);
    const second = commit('two');
    expect(task(state).task).toEqual([second, 'two', source]);
    const revision: Record<string, string> = { VCS_HEAD_REF: '', VCS_HEAD_REV: first };
    expect(task(`${state}; echo $VCS_HEAD_REV`, revision).task).toEqual([first, 'one', source, first]);
    const unknown = task('true', { VCS_HEAD_REF: '', VCS_HEAD_REV: 'a'.repeat(40) });
    expect(unknown.status).toBe(255);
  });

  it('S13: plain hg: what tasks changed, added and had ignored is gone in the next one', () => {
    start();
    task(
      'echo edit > README; mkdir -p d/e; touch d/e/f x.o; echo x.o > .hgignore; hg add -q d; hg rm -qf README',
    );
    expect(task(`${state}; ls -A`).task.slice(-3)).toEqual([source, '.hg', 'README']);
  });

  it.each([
    ['hooks', 'printf "[hooks]\\npre-log = touch $CANARY/hook\\nupdate = touch $CANARY/hook\\n" >> .hg/hgrc'],
    [
      'an extension',
      'echo "open(\\"$CANARY/extension\\",\\"w\\")" > ../x.py; printf "[extensions]\\nx = $PWD/../x.py\\n" > .hg/hgrc',
    ],
    [
      'an alias',
      'printf "[alias]\\npull = !touch $CANARY/alias\\nstatus = !touch $CANARY/alias\\n" > .hg/hgrc',
    ],
    [
      'an include',
      'printf "[hooks]\\npre-log = touch $CANARY/include\\n" > ../rc; echo "%include ../../rc" > .hg/hgrc',
    ],
    [
      'settings of the store',
      'for s in $HG_STORE_PATH/*/.hg; do printf "[hooks]\\npre-log = touch $CANARY/store\\n" > $s/hgrc; done',
    ],
    ['settings not shared', 'printf "[hooks]\\npre-log = touch $CANARY/hook\\n" > .hg/hgrc-not-shared'],
    ['another remote', 'printf "[paths]\\ndefault = /nowhere\\n" > .hg/hgrc'],
    ['settings that are a pipe', 'rm -f .hg/hgrc; mkfifo .hg/hgrc'],
    [
      'settings that are a link',
      'printf "[hooks]\\npre-log = touch $CANARY/hook\\n" > ../rc; ln -sf ../../rc .hg/hgrc',
    ],
    [
      'locks',
      'ln -s elsewhere:1 .hg/wlock; for s in $HG_STORE_PATH/*/.hg; do ln -s elsewhere:1 $s/store/lock; done',
    ],
    [
      'another store',
      'cp -r $HG_STORE_PATH ../other; for s in ../other/*/.hg; do printf "[hooks]\\npre-log = touch $CANARY/other\\n" > $s/hgrc; echo $PWD/$s > .hg/sharedpath; done',
    ],
    [
      'a link as the store',
      'mv $HG_STORE_PATH/* ../store; ln -s ../store $HG_STORE_PATH/$(hg log -r 0 -T "{node}")',
    ],
    [
      'a repository of its own',
      'rm -rf .hg; hg init -q .; printf "[hooks]\\npre-log = touch $CANARY/own\\n" > .hg/hgrc',
    ],
    [
      'a .hg that is a link',
      'mv .hg ../hg; ln -s ../hg .hg; printf "[hooks]\\npre-log = touch $CANARY/link\\n" > .hg/hgrc',
    ],
    ['no store', 'rm -rf $HG_STORE_PATH/*'],
    [
      'half a store',
      'for s in $HG_STORE_PATH/*/.hg; do : > $s/store/00changelog.i; done; touch .hg/run-task-changing',
    ],
    [
      'a store that hg only began to make',
      'for s in $HG_STORE_PATH/*; do rm -rf $s/.hg; mkdir -p $s/.hg/cache; done',
    ],
    ['unknown requirements', 'for s in $HG_STORE_PATH/*/.hg; do echo unheard-of >> $s/requires; done'],
    ['half a checkout', 'rm .hg/dirstate .hg/requires'],
    ['a transaction that was killed', 'for s in $HG_STORE_PATH/*/.hg; do : > $s/store/journal; done'],
  ])('%s: nothing planted runs in a later task, and its checkout is right', (_name, script) => {
    task(script);
    trial.takeMarks();
    const head = commit(`after ${script}`.replaceAll('\n', ' '));
    const later = task(state);
    expect({ status: later.status, marks: trial.takeMarks() }, later.output).toEqual({
      status: 0,
      marks: [],
    });
    expect(later.task).toEqual([head, readFileSync(join(source, 'README'), 'utf8').trim(), source]);
  });

  it('S13: nested checkouts are kept when a checkout of hg around them is cleaned', () => {
    const args = [`--in-checkout=${trial.checkout}/inner`];
    const env = {
      REPOSITORIES: '{"vcs": "Outer", "in": "Inner"}',
      IN_REPOSITORY_TYPE: 'git',
      IN_HEAD_REPOSITORY: `file://${trial.source}`,
      IN_HEAD_REF: 'main',
    };
    task('true', env, args);
    const warm = task('touch untracked; git -C inner rev-parse HEAD', env, args);
    expect(warm.task, warm.output).toEqual([trial.git('rev-parse', 'HEAD')]);
    expect(warm.output).not.toContain('"git","clone"');
    expect(task('ls', env, args).task).toEqual(['README', 'inner']);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DecisionFlags } from '../../../src/cli/decision/flags.ts';
import { nullRevision } from '../../../src/cli/decision/history.ts';
import { openHistory } from '../../../src/cli/decision/open-history.ts';
import { decisionParameters } from '../../../src/cli/decision/parameters.ts';
import { TestRepository } from '../../support/repository.ts';

function flags(changes: Partial<DecisionFlags>): DecisionFlags {
  return {
    root: 'taskcluster',
    project: 'p',
    pushlogId: '0',
    pushdate: 1700000000,
    owner: 'me@example.com',
    level: '1',
    repositoryType: 'git',
    baseRepository: 'https://example.com/base',
    baseRef: '',
    baseRev: '',
    headRepository: 'https://example.com/head',
    headRef: 'topic',
    headRev: '',
    headTag: '',
    tasksFor: 'github-push',
    verify: true,
    ...changes,
  };
}

/** main: first, second; topic, which left main after first: "a ü.txt" changed, then "b" added and "a ü.txt" removed. */
function historyOf(): TestRepository & { base: string; head: string; second: string } {
  const repository = new TestRepository({ 'a ü.txt': 'one', kept: 'k' });
  onTestFinished(() => repository[Symbol.dispose]());
  const commit = (message: string): string => {
    repository.git('add', '--all');
    repository.git('commit', '--quiet', '-m', message);
    return repository.git('rev-parse', 'HEAD');
  };
  const base = repository.git('rev-parse', 'HEAD');
  repository.git('branch', 'topic');
  repository.write({ elsewhere: 'x' });
  const second = commit('second');
  repository.git('checkout', '--quiet', 'topic');
  repository.write({ 'a ü.txt': 'two' });
  commit('change');
  rmSync(join(repository.top, 'a ü.txt'));
  repository.write({ b: 'b' });
  return Object.assign(repository, { base, second, head: commit('last: DONTBUILD please') });
}

describe('the parameters of a decision task', () => {
  it('are those of the command line, with what follows from them', () => {
    const { top, base, head } = historyOf();
    writeFileSync(join(top, 'version.txt'), '1.2\nmore\n');
    const given = flags({ baseRev: base, headRev: head, owner: 'robot', tasksFor: 'cron' });
    expect(decisionParameters(given, openHistory(top))).toMatchObject({
      base_rev: base,
      head_rev: head,
      owner: 'robot@noreply.mozilla.org',
      build_date: 1700000000,
      moz_build_date: '20231114221320',
      version: '1.2',
      target_tasks_method: 'default',
      files_changed: ['a ü.txt', 'b', 'a ü.txt'],
    });
  });

  it('count changes from where the head left the base branch when no base, or one that is not here, is given', () => {
    const { top, base, head } = historyOf();
    const history = openHistory(top);
    for (const baseRev of ['', 'f'.repeat(40)]) {
      const found = decisionParameters(flags({ baseRev, baseRef: 'main', headRev: head }), history);
      expect(found.base_rev).toBe(base);
      expect(new Set(found.files_changed)).toEqual(new Set(['a ü.txt', 'b']));
    }
  });

  it('say that everything has changed when nobody knows since when', () => {
    const { top, head } = historyOf();
    for (const baseRev of ['', nullRevision]) {
      const found = decisionParameters(flags({ baseRev, headRev: head }), openHistory(top));
      expect(found).toMatchObject({ base_rev: nullRevision, files_changed: ['b', 'kept'] });
    }
  });

  it('compare the two trees in a shallow clone', () => {
    const repository = historyOf();
    const { top, folder, second, head } = repository;
    repository.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
    const clone = join(folder, 'clone');
    spawnSync('git', ['init', '--quiet', clone]);
    for (const rev of [second, head])
      spawnSync('git', ['fetch', '--quiet', '--depth=1', `file://${top}`, rev], { cwd: clone });
    spawnSync('git', ['checkout', '--quiet', head], { cwd: clone });
    const found = decisionParameters(flags({ baseRev: second, headRev: head }), openHistory(clone));
    expect(found.files_changed).toEqual(['a ü.txt', 'b', 'elsewhere']);
  });

  it('want nothing when the message of a pushed commit says DONTBUILD, whatever method is given', () => {
    const { top, base, head } = historyOf();
    const method = (tasksFor: string): string =>
      decisionParameters(
        flags({ baseRev: base, headRev: head, tasksFor, targetTasksMethod: 'nightly' }),
        openHistory(top),
      ).target_tasks_method;
    expect(method('github-push')).toBe('nothing');
    expect(method('hg-push')).toBe('nothing');
    expect(method('github-pull-request')).toBe('nightly');
  });
});

const hasHg = spawnSync('hg', ['--version']).status === 0;

describe.skipIf(!hasHg)('in a Mercurial repository (needs hg)', () => {
  it('files and base come from its history', () => {
    const top = mkdtempSync(join(tmpdir(), 'caisson-hg-'));
    onTestFinished(() => rmSync(top, { recursive: true }));
    const hg = (...args: readonly string[]): string => {
      const done = spawnSync('hg', [...args, '--config', 'ui.username=t'], { cwd: top, encoding: 'utf8' });
      if (done.status !== 0) throw new Error(done.stderr);
      return done.stdout;
    };
    const commit = (file: string, message: string): string => {
      writeFileSync(join(top, file), message);
      hg('commit', '--addremove', '--quiet', '-m', message);
      return hg('log', '-r', '.', '-T', '{node}');
    };
    hg('init');
    const base = commit('a', 'first');
    const other = commit("it's", 'other');
    hg('update', '--quiet', base);
    const head = commit('b', 'last DONTBUILD');
    const found = (changes: Partial<DecisionFlags>): ReturnType<typeof decisionParameters> =>
      decisionParameters(flags({ repositoryType: 'hg', headRev: head, ...changes }), openHistory(top));
    expect(found({ baseRev: base })).toMatchObject({
      base_rev: base,
      files_changed: ['b'],
      target_tasks_method: 'nothing',
    });
    expect(found({ baseRef: other }).base_rev).toBe(base);
    expect(found({})).toMatchObject({ base_rev: nullRevision, files_changed: ['a', 'b'] });
  });
});

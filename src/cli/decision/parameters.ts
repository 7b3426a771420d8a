import { systemClock } from '../../base/clock.ts';
import { nullRevision, type History } from './history.ts';
import type { Parameters } from '../../graph/parameters/parameters.ts';
import { versionOf } from '../../graph/parameters/repository.ts';
import type { DecisionFlags } from './flags.ts';

/** The parameters of a decision task from its command line and its repository, before anyone overrides them. */
export function decisionParameters(flags: DecisionFlags, history: History): Parameters {
  const base = baseRevision(flags, history);
  const buildDate = flags.pushdate || Math.floor(systemClock.now() / 1000);
  return {
    base_repository: flags.baseRepository,
    base_ref: flags.baseRef,
    base_rev: base,
    head_repository: flags.headRepository,
    head_rev: flags.headRev,
    head_ref: flags.headRef,
    head_tag: flags.headTag,
    project: flags.project,
    pushlog_id: flags.pushlogId,
    pushdate: flags.pushdate,
    repository_type: flags.repositoryType,
    owner: flags.owner.includes('@') ? flags.owner : `${flags.owner}@noreply.mozilla.org`,
    level: flags.level,
    target_tasks_method: targetMethod(flags, history),
    tasks_for: flags.tasksFor,
    files_changed: history.changedFiles(flags.headRev, base === nullRevision ? null : base),
    filters: ['target_tasks_method'],
    optimize_strategies: null,
    optimize_target_tasks: true,
    existing_tasks: {},
    do_not_optimize: [],
    enable_always_target: true,
    build_number: 1,
    version: versionOf(history.top),
    next_version: null,
    build_date: buildDate,
    moz_build_date: new Date(buildDate * 1000).toISOString().slice(0, 19).replace(/\D/g, ''),
  };
}

/**
 * Where the changes of this push begin: what the command line says, if that revision is here; else where the head left
 * the base branch. With neither, the null revision: everything counts as changed, so that nothing is left out.
 */
function baseRevision({ baseRev, baseRef, headRev }: DecisionFlags, history: History): string {
  if (baseRev === nullRevision || (baseRev !== '' && history.has(baseRev))) return baseRev;
  const refs = baseRef === '' ? [] : [baseRef, `origin/${baseRef.replace(/^refs\/heads\//, '')}`];
  for (const ref of refs) {
    const found = history.mergeBase(ref, headRev);
    if (found !== null) return found;
  }
  return nullRevision;
}

function targetMethod({ targetTasksMethod, tasksFor }: DecisionFlags, history: History): string {
  const isPush = tasksFor === 'hg-push' || tasksFor === 'github-push';
  if (isPush && history.commitMessage().includes('DONTBUILD')) return 'nothing';
  return targetTasksMethod || 'default';
}

import { sha256 } from '../../base/hash.ts';
import { isMapping } from '../values/plain.ts';
import { pythonText } from '../values/python-text.ts';
import type { Draft, TransformContext } from './transform.ts';

/** What is cached, and all that determines it. */
export interface CachedResult {
  /** e.g. `docker-images.v2` */
  readonly type: string;
  readonly name: string;
  /** lines that are hashed together */
  readonly digestData: readonly string[];
}

/** A cached task's identity, in `attributes.cached_task`. */
export interface CachedTask {
  readonly type: string;
  readonly name: string;
  readonly digest: string;
}

/**
 * Lets a task's result be found again: sets the index paths in which its optimization searches, from level 3 down to the
 * own level and in that of pull requests, the routes under which it is put there, and `attributes.cached_task`.
 */
export function addCacheOptimization(
  context: TransformContext,
  draft: Draft,
  result: CachedResult,
): CachedTask {
  const { params, graphConfig } = context;
  const { type, name } = result;
  const digest = sha256(result.digestData.join('\n'));
  const prefix = pythonText(graphConfig.taskgraph['cached-task-prefix'] ?? graphConfig['trust-domain']);
  const isPullRequest = params.tasks_for.startsWith('github-pull-request');
  const cachesPullRequests = graphConfig.taskgraph['cache-pull-requests'] !== false;
  const level = Number(params.level);

  const ofLevel = (wanted: number | string) => `${prefix}.cache.level-${wanted}.${type}.${name}`;
  const ofPullRequests = `${prefix}.cache.pr.${type}.${name}.hash.${digest}`;

  const searched: string[] = [];
  for (let wanted = 3; wanted >= level; wanted--) searched.push(`${ofLevel(wanted)}.hash.${digest}`);
  if (isPullRequest && cachesPullRequests) searched.push(ofPullRequests);
  draft.optimization = { 'index-search': searched };

  const own = ofLevel(params.level);
  const routes = isPullRequest
    ? cachesPullRequests
      ? [ofPullRequests]
      : []
    : [`${own}.hash.${digest}`, `${own}.latest`, `${own}.pushdate.${longDate(params.build_date)}`];
  if (routes.length > 0) {
    draft.routes = [...((draft.routes ?? []) as unknown[]), ...routes.map((route) => `index.${route}`)];
  }

  const cached: CachedTask = { type, name, digest };
  draft.attributes = { ...(isMapping(draft.attributes) ? draft.attributes : {}), cached_task: cached };
  return cached;
}

/** `2026.01.31.20260131235959` of seconds since 1970, in UTC. */
function longDate(seconds: number): string {
  const digits = new Date(seconds * 1000).toISOString().slice(0, 19).replace(/\D/g, '');
  return `${digits.slice(0, 4)}.${digits.slice(4, 6)}.${digits.slice(6, 8)}.${digits}`;
}

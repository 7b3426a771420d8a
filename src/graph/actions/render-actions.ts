import { fail } from '../../base/failure.ts';
import { didYouMean } from '../../base/suggest.ts';
import type { GraphConfig } from '../graph-config.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Action } from '../plugins/action.ts';
import type { Mapping } from '../values/plain.ts';

export interface ActionsRequest {
  /** by `callbackName` */
  readonly actions: ReadonlyMap<string, Action>;
  readonly parameters: Parameters;
  readonly graphConfig: GraphConfig;
  readonly decisionTaskId: string;
  /** SHA-256 of .taskcluster.yml, from which a deployment makes the hooks that run actions */
  readonly taskclusterYml: string;
}

/** `actions.json`: what user interfaces offer for the task group, and the hook that each action triggers. */
export function renderActions(request: ActionsRequest): Mapping {
  const disabled = disabledActions(request);
  const offered = [...request.actions.values()]
    .sort((a, b) => a.order - b.order)
    .filter((action) => !disabled.has(action.callbackName) && action.available(request.parameters));
  return { version: 1, variables: {}, actions: offered.map((action) => renderAction(action, request)) };
}

function disabledActions({ actions, graphConfig }: ActionsRequest): ReadonlySet<string> {
  const disabled = (graphConfig.taskgraph['disabled-actions'] ?? []) as readonly string[];
  for (const name of disabled) {
    if (actions.has(name)) continue;
    const message = `"taskgraph.disabled-actions" in config.yml: there is no action "${name}"`;
    fail('configuration', message, didYouMean(name, actions.keys()));
  }
  return new Set(disabled);
}

function renderAction(action: Action, request: ActionsRequest): Mapping {
  const { parameters, graphConfig, decisionTaskId, taskclusterYml } = request;
  const { name, title, description, permission } = action;
  const schema = action.schema(graphConfig);
  const prefix = parameters.tasks_for.startsWith('github-pull-request')
    ? 'in-tree-pr-action'
    : 'in-tree-action';
  return {
    name,
    title,
    description,
    context: action.context(parameters),
    ...(schema === null ? {} : { schema }),
    kind: 'hook',
    hookGroupId: `project-${graphConfig['trust-domain']}`,
    // The slash keeps a scope for all hooks of one permission from reaching those of another one.
    hookId: `${prefix}-${parameters.level}-${permission}/${taskclusterYml.slice(0, 10)}`,
    hookPayload: {
      decision: {
        action: {
          name,
          title,
          description,
          taskGroupId: decisionTaskId,
          cb_name: action.callbackName,
          symbol: action.symbol,
        },
        repository: {
          url: parameters.head_repository,
          project: parameters.project,
          level: parameters.level,
          base_url: parameters.base_repository,
        },
        push: pushOf(parameters),
      },
      // JSON-e: whoever triggers the hook knows these.
      user: {
        input: { $eval: 'input' },
        taskId: { $eval: 'taskId' },
        taskGroupId: { $eval: 'taskGroupId' },
      },
    },
    extra: { actionPerm: permission },
  };
}

function pushOf(parameters: Parameters): Mapping {
  const { head_ref: branch, base_ref: baseBranch } = parameters;
  return {
    owner: 'mozilla-taskcluster-maintenance@mozilla.com',
    pushlog_id: parameters.pushlog_id,
    revision: parameters.head_rev,
    base_revision: parameters.base_rev,
    ...(branch ? { branch } : {}),
    ...(baseBranch && baseBranch !== branch ? { base_branch: baseBranch } : {}),
  };
}

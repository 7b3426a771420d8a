import { fail, FailureError } from '../../base/failure.ts';
import { withHint } from '../mistakes.ts';
import type { GraphTask } from '../task-graph.ts';
import { type Mapping, isMapping } from '../values/plain.ts';
import type { Action, ActionCall, ActionServices } from './action.ts';
import type * as api from './api.ts';
import { pluginError } from './call.ts';
import { shown } from './config.ts';
import { GraphView, viewOf } from './graph-view.ts';
import { frozenCopy, takeBackMapping } from './hand-over.ts';
import type { PluginExport } from './modules.ts';
import { Refused } from './refused.ts';

/** An action that a plugin registers, checked and with all defaults. Throws {@link Refused}. */
export function asAction(plugin: PluginExport, given: api.Action): Action {
  for (const key of ['name', 'title', 'symbol', 'description'] as const)
    if (typeof given[key] !== 'string') throw new Refused(`an action needs the text "${key}"`);
  const { name, title, description, symbol, permission = 'generic', context = [], schema = null } = given;
  if (typeof given.callback !== 'function') throw new Refused(`the action "${name}" needs a callback`);
  if (permission.includes('/')) throw new Refused(`"permission" of action "${name}" must have no "/"`);
  if (!symbol.includes('$') && (symbol.length < 1 || symbol.length > 25))
    throw new Refused(`"symbol" of action "${name}" must have 1 to 25 characters`);
  const called = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw actionFailed(plugin, name, error);
    }
  };
  return {
    name,
    title: title.trim(),
    symbol,
    description: description.trim(),
    callbackName: given.callbackName ?? name,
    order: given.order ?? 10_000,
    permission,
    context: (parameters) =>
      called(() =>
        typeof context === 'function' ? context(shown(parameters) as api.Parameters) : context,
      ) as readonly Record<string, string>[],
    available: (parameters) => called(() => given.available?.(shown(parameters) as api.Parameters) ?? true),
    schema: (graphConfig) => {
      const value = called(() =>
        typeof schema === 'function' ? schema(shown(graphConfig) as api.GraphConfig) : schema,
      );
      return value === null ? null : called(() => takeBackMapping(value));
    },
    async callback(call) {
      try {
        await given.callback(shownCall(plugin, call));
      } catch (error) {
        throw error instanceof FailureError ? error : actionFailed(plugin, name, error);
      }
    },
  };
}

function shownCall(plugin: PluginExport, call: ActionCall): api.ActionCall {
  const { services } = call;
  return {
    params: shown(call.parameters) as api.Parameters,
    graphConfig: shown(call.graphConfig) as api.GraphConfig,
    input: frozenCopy(call.input) as api.Json,
    taskGroupId: call.taskGroupId,
    taskId: call.taskId,
    fullTaskGraph: async () => new GraphView(await services.fullTaskGraph()),
    labelToTaskId: () => services.labelToTaskId(),
    task: async (taskId) => frozenCopy(await services.task(taskId)) as api.JsonObject,
    createTasks: (labels, change) =>
      services.createTasks(labels, change === undefined ? undefined : changing(plugin, change)),
    createTask: (taskId, definition) => services.createTask(taskId, takeBackMapping(definition)),
    decide: (parameters) =>
      services.decide(takeBackMapping(parameters) as Mapping & ActionCall['parameters']),
    rerunTask: (taskId) => services.rerunTask(taskId),
    cancelTask: (taskId) => services.cancelTask(taskId),
    state: (taskId) => services.state(taskId),
    unresolvedTasks: (taskGroupId) => services.unresolvedTasks(taskGroupId),
    purgeCache: (taskQueueId, cacheName) => services.purgeCache(taskQueueId, cacheName),
    tell: (message) => services.tell(message),
  };
}

function changing(
  plugin: PluginExport,
  change: (task: api.GraphTask) => api.GraphTask,
): NonNullable<Parameters<ActionServices['createTasks']>[1]> {
  return (task) => {
    const made: unknown = change(viewOf(task));
    if (!isMapping(made) || !isMapping(made['task']))
      fail('configuration', `${plugin.name} of ${plugin.file.shown} gives no task for "${task.label}"`);
    return { ...task, ...(takeBackMapping(made) as Mapping & Partial<GraphTask>) };
  };
}

function actionFailed(plugin: PluginExport, name: string, error: unknown): FailureError {
  const { message, hint, place } = pluginError(plugin, error);
  return new FailureError({
    kind: 'configuration',
    message: `the action "${name}" failed`,
    diagnostics: [withHint({ severity: 'error', message, place: place ?? plugin.place, hint })],
  });
}

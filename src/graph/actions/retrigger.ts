import { fail } from '../../base/failure.ts';
import { slugid } from '../../base/slugid.ts';
import { closure } from '../dependency-order.ts';
import type { ActionCall } from '../plugins/action.ts';
import type { GraphTask } from '../task-graph.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import { anyTask, defineAction, startedOn, timesSchema } from './define-action.ts';
import { relativeTimes } from './relative-times.ts';

const properties = {
  downstream: {
    type: 'boolean',
    description:
      'If true, downstream tasks from this one will be cloned as well. ' +
      'The dependencies will be updated to work with the new task at the root.',
    default: false,
  },
  times: timesSchema(),
};

export const retrigger = defineAction({
  name: 'retrigger',
  title: 'Retrigger',
  symbol: 'rt',
  description: 'Create a clone of the task.',
  order: 19,
  context: [{ retrigger: 'true' }],
  schema: { type: 'object', properties },
  callback: retriggerTask,
});

export const retriggerDisabled = defineAction({
  name: 'retrigger',
  callbackName: 'retrigger-disabled',
  title: 'Retrigger (disabled)',
  symbol: 'rt',
  description:
    'Create a clone of the task.\n\nThis type of task should typically be re-run instead of re-triggered.',
  // After the others of this name: what user interfaces take when none of those fits.
  order: 20,
  context: anyTask,
  schema: {
    type: 'object',
    properties: {
      ...properties,
      force: {
        type: 'boolean',
        default: false,
        description: 'This task should not be re-triggered. This can be overridden by passing `true` here.',
      },
    },
  },
  callback: retriggerTask,
});

export const retriggerDecision = defineAction({
  name: 'retrigger',
  callbackName: 'retrigger-decision',
  title: 'Retrigger',
  symbol: 'rt',
  description:
    'Create a clone of the task (retriggering decision, action, and cron tasks requires\nspecial scopes).',
  permission: 'retrigger-decision',
  order: 11,
  context: [{ kind: 'decision-task' }, { kind: 'action-callback' }, { kind: 'cron-task' }],
  async callback(call) {
    const { parameters, graphConfig, services } = call;
    const task = relativeTimes(await services.task(startedOn(call, 'retrigger-decision')));
    const schedulerId = `${graphConfig['trust-domain']}-level-${parameters.level}`;
    await services.createTask(slugid(), { ...task, schedulerId });
  },
});

/** May the task be made anew? Tasks that are not in the graph may not. */
export function isRetriggerable(full: ReadonlyMap<string, GraphTask>, label: string): boolean {
  return Boolean(full.get(label)?.attributes.retrigger);
}

async function retriggerTask(call: ActionCall): Promise<void> {
  const { input, services } = call;
  const { downstream, force, times = 1 } = input as { downstream?: boolean; force?: boolean; times?: number };
  const [full, known, task] = await Promise.all([
    services.fullTaskGraph(),
    services.labelToTaskId(),
    services.task(startedOn(call, 'retrigger')),
  ]);
  const label = nameOf(task);
  if (!full.has(label)) fail('usage', `"${label}" is no task of this decision task`);
  if (force !== true && !isRetriggerable(full, label)) {
    fail('usage', `"${label}" is not to be made anew`, 'rerun it, or set "force" in the input');
  }
  const labels = downstream === true ? downstreamOf(full, label).filter((one) => known.has(one)) : [label];
  for (let i = 0; i < times; i++) await services.createTasks(labels);
}

function downstreamOf(full: ReadonlyMap<string, GraphTask>, label: string): string[] {
  const dependents = new Map<string, string[]>();
  for (const task of full.values()) {
    for (const needed of Object.values(task.dependencies))
      dependents.set(needed, [...(dependents.get(needed) ?? []), task.label]);
  }
  return [...closure([label], (one) => dependents.get(one) ?? [])];
}

function nameOf({ metadata }: Mapping): string {
  return isMapping(metadata) ? String(metadata.name) : '';
}

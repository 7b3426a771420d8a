import { fail } from '../../base/failure.ts';
import type { ActionServices } from '../plugins/action.ts';
import { anyTask, defineAction, startedOn } from './define-action.ts';

export const rerun = defineAction({
  name: 'rerun',
  title: 'Rerun',
  symbol: 'rr',
  description:
    'Rerun a task.\n\nThis only works on failed or exception tasks in the original taskgraph, and is CoT friendly.',
  order: 300,
  context: anyTask,
  schema: { type: 'object', properties: {} },
  async callback(call) {
    const { services } = call;
    const taskId = startedOn(call, 'rerun');
    const [label] = [...(await services.labelToTaskId())].find(([, id]) => id === taskId) ?? [];
    if (label === undefined) {
      fail('usage', `${taskId} is no task of this decision task`, 'rerun works on tasks of its graph only');
    }
    await rerunTask(taskId, label, services);
  },
});

/** A new run of a task that did not go well; all others are left as they are. */
export async function rerunTask(taskId: string, label: string, services: ActionServices): Promise<void> {
  const state = await services.state(taskId);
  if (state === 'failed' || state === 'exception') {
    await services.rerunTask(taskId);
    services.tell(`${label} runs again`);
  } else services.tell(`${label} need not run again, it is ${state}`);
}

import { QueueError } from '../../queue/queue.ts';
import type { ActionServices } from '../plugins/action.ts';
import { anyTask, defineAction, startedOn } from './define-action.ts';

export const cancel = defineAction({
  name: 'cancel',
  title: 'Cancel Task',
  symbol: 'cx',
  description: 'Cancel the given task',
  order: 350,
  context: anyTask,
  callback: (call) => cancelTask(startedOn(call, 'cancel'), call.services),
});

export const cancelAll = defineAction({
  name: 'cancel-all',
  title: 'Cancel All',
  symbol: 'cAll',
  description:
    'Cancel all running and pending tasks created by the decision task this action task is associated with.',
  order: 400,
  async callback({ taskGroupId, services }) {
    const open = await services.unresolvedTasks(taskGroupId);
    services.tell(`cancelling ${open.length} tasks`);
    await Promise.all(open.map((taskId) => cancelTask(taskId, services)));
  },
});

/** A task past its deadline cannot be cancelled any more, but does not run either. */
async function cancelTask(taskId: string, services: ActionServices): Promise<void> {
  try {
    await services.cancelTask(taskId);
  } catch (error) {
    if (!(error instanceof QueueError) || error.code !== 'conflict') throw error;
    services.tell(`${taskId} is past its deadline and cannot be cancelled`);
  }
}

import type { ActionQueue } from '../../graph/actions/action-queue.ts';
import { writeJson } from '../../graph/output/json.ts';

/** Creates nothing: prints what would be created as `[taskId, definition]`, in JSON, one after the other. */
export function printTasks(print: (text: string) => void): Pick<ActionQueue, 'createTask'> {
  return {
    async createTask(taskId, definition) {
      print(`${writeJson([taskId, definition])}\n`);
    },
  };
}

/** Reads from a queue and changes nothing in it: tells what would be changed. */
export function dryRun(
  queue: Pick<ActionQueue, 'task' | 'status' | 'listTaskGroup' | 'findTask' | 'listTasks'>,
  print: (text: string) => void,
  tell: (message: string) => void,
): ActionQueue {
  return {
    task: (taskId) => queue.task(taskId),
    status: (taskId) => queue.status(taskId),
    listTaskGroup: (taskGroupId) => queue.listTaskGroup(taskGroupId),
    findTask: (namespace) => queue.findTask(namespace),
    listTasks: (namespace) => queue.listTasks(namespace),
    ...printTasks(print),
    async cancelTask(taskId) {
      tell(`would cancel ${taskId}`);
    },
    async rerunTask(taskId) {
      tell(`would run ${taskId} again`);
    },
    async purgeCache(taskQueueId, cacheName) {
      tell(`would purge ${cacheName} of ${taskQueueId}`);
    },
  };
}

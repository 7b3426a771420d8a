import type { IndexReader } from '../../graph/compile.ts';
import { type Queue, QueueError } from '../../queue/queue.ts';

/** Makes index-search work without a network: what ran here before is found in the embedded index. */
export function queueIndex(queue: Queue): IndexReader {
  return {
    async findTasks(namespaces) {
      const found = new Map<string, string>();
      for (const namespace of namespaces) {
        const entry = await queue.findTask(namespace);
        if (entry !== null) found.set(namespace, entry.taskId);
      }
      return found;
    },
    async statuses(taskIds) {
      const statuses = new Map<string, { state: string; expires: string }>();
      for (const taskId of taskIds) {
        try {
          const { state, expires } = await queue.status(taskId);
          statuses.set(taskId, { state, expires });
        } catch (error) {
          if (!(error instanceof QueueError) || error.code !== 'not-found') throw error;
        }
      }
      return statuses;
    },
  };
}

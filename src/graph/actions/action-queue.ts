import type { TaskService } from '../../queue/queue.ts';
import type { TaskDefinition } from '../../task/definition.ts';

/** What actions ask of a queue; what it answers to changes is not looked at, so that a rehearsal can stand for it. */
export interface ActionQueue
  extends Pick<TaskService, 'task' | 'status' | 'listTaskGroup' | 'findTask' | 'listTasks'> {
  createTask(taskId: string, definition: TaskDefinition): Promise<unknown>;
  cancelTask(taskId: string): Promise<unknown>;
  rerunTask(taskId: string): Promise<unknown>;
  purgeCache(taskQueueId: string, cacheName: string): Promise<void>;
}

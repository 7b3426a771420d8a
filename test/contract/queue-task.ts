import { slugid } from '../../src/base/slugid.ts';
import type { TaskDefinition } from '../../src/task/definition.ts';

export const minutes = 60_000;
export const hours = 60 * minutes;

/** A definition that any queue takes, created at `now` (milliseconds), due in one hour, expiring in two. */
export function task(now: number, changes: Partial<TaskDefinition> = {}): TaskDefinition {
  const time = (after: number): string => new Date(now + after).toISOString();
  return {
    taskQueueId: 'test/worker',
    schedulerId: 'test-scheduler',
    taskGroupId: slugid(),
    dependencies: [],
    requires: 'all-completed',
    routes: [],
    priority: 'lowest',
    retries: 2,
    created: time(0),
    deadline: time(hours),
    expires: time(2 * hours),
    scopes: [],
    payload: { command: ['true'] },
    metadata: { name: 'a-task', description: 'd', owner: 'o@example.com', source: 'https://example.com/' },
    tags: {},
    extra: {},
    ...changes,
  };
}

export const worker = { workerGroup: 'group', workerId: 'one', tasks: 1, waitMs: 0 };

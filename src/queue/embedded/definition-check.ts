import { isSlugid } from '../../base/slugid.ts';
import { priorities, type TaskDefinition } from '../../task/definition.ts';
import { QueueError } from '../queue.ts';

const queueIdShape = /^[a-zA-Z0-9_-]{1,38}\/[a-zA-Z0-9_-]{1,38}$/;
const mostDependencies = 10_000;

/** What the queue itself acts upon in a definition; times in milliseconds, priority 0 is the most urgent. */
export interface CheckedDefinition {
  readonly priority: number;
  readonly deadline: number;
  readonly expires: number;
}

/** Refuses with `bad-request` what the queue could not act upon. The payload is the worker's business. */
export function checkDefinition(taskId: string, definition: TaskDefinition): CheckedDefinition {
  const refuse = (message: string): never => {
    throw new QueueError(
      'bad-request',
      `task ${taskId} (${definition.metadata?.name ?? 'no name'}): ${message}`,
    );
  };
  checkTaskId(taskId);
  if (!isSlugid(definition.taskGroupId)) refuse(`not a task group id: ${definition.taskGroupId}`);
  if (!queueIdShape.test(definition.taskQueueId)) {
    refuse(`taskQueueId must be <provisionerId>/<workerType>, not ${definition.taskQueueId}`);
  }

  const { dependencies } = definition;
  const malformed = dependencies.find((id) => !isSlugid(id));
  if (malformed !== undefined) refuse(`a dependency is not a task id: ${malformed}`);
  if (dependencies.includes(taskId)) refuse('it depends on itself and would never run');
  if (new Set(dependencies).size !== dependencies.length) refuse('a dependency is listed twice');
  if (dependencies.length > mostDependencies) refuse(`more than ${mostDependencies} dependencies`);
  if (!['all-completed', 'all-resolved'].includes(definition.requires)) {
    refuse(`requires must be all-completed or all-resolved, not ${definition.requires}`);
  }

  const priority = priorities.indexOf(definition.priority);
  if (priority < 0) refuse(`no such priority: ${definition.priority}`);
  const { retries } = definition;
  if (!Number.isInteger(retries) || retries < 0 || retries > 49)
    refuse(`retries must be 0 to 49, not ${retries}`);

  const created = Date.parse(definition.created);
  const deadline = Date.parse(definition.deadline);
  const expires = Date.parse(definition.expires);
  if ([created, deadline, expires].some(Number.isNaN)) refuse('created, deadline or expires is not a time');
  if (deadline <= created) refuse('the deadline is not after created');
  if (expires < deadline) refuse('it expires before its deadline');
  return { priority, deadline, expires };
}

export function checkTaskId(taskId: string): void {
  if (!isSlugid(taskId)) throw new QueueError('bad-request', `not a task id: ${taskId}`);
}

import type { TaskDefinition } from '../../task/definition.ts';
import type { TaskStatus } from '../../task/status.ts';
import { type IndexedTask, QueueError, type TaskService } from '../queue.ts';
import type { Deployment } from './deployment.ts';
import { call, callPages, send } from './request.ts';

/** A deployment's queue, index and purge-cache service, as far as those need them who run no tasks. */
export interface DeploymentService extends TaskService {
  /** of whoever asks: in a task with the proxy, the task's own */
  currentScopes(): Promise<readonly string[]>;
}

const queue = '/api/queue/v1';
const index = '/api/index/v1';

export function taskService(deployment: Deployment): DeploymentService {
  const taskPath = (taskId: string): string => `${queue}/task/${encodeURIComponent(taskId)}`;
  const act = async (method: 'POST' | 'PUT', path: string, body?: unknown): Promise<TaskStatus> =>
    (await call<{ status: TaskStatus }>(deployment, { method, path, body })).status;

  return {
    createTask: (taskId, definition) => act('PUT', taskPath(taskId), definition),
    task: (taskId) => call<TaskDefinition>(deployment, { method: 'GET', path: taskPath(taskId) }),
    async status(taskId) {
      const path = `${taskPath(taskId)}/status`;
      return (await call<{ status: TaskStatus }>(deployment, { method: 'GET', path })).status;
    },
    async listTaskGroup(taskGroupId) {
      const found: TaskStatus[] = [];
      const path = `${queue}/task-group/${encodeURIComponent(taskGroupId)}/list`;
      for await (const page of callPages<GroupPage>(deployment, { method: 'GET', path }))
        found.push(...page.tasks.map(({ status }) => status));
      return found;
    },
    cancelTask: (taskId) => act('POST', `${taskPath(taskId)}/cancel`),
    rerunTask: (taskId) => act('POST', `${taskPath(taskId)}/rerun`),
    async artifactUrl(taskId, name, runId) {
      const run = runId === undefined ? '' : `/runs/${runId}`;
      const path = `${taskPath(taskId)}${run}/artifacts/${encodeURIComponent(name)}`;
      const response = await send(deployment, { method: 'GET', path });
      await response.body?.cancel();
      // A queue that has the bytes itself does not redirect.
      return new URL(response.headers.get('location') ?? '', deployment.url + path).href;
    },
    async findTask(namespace) {
      const path = `${index}/task/${encodeURIComponent(namespace)}`;
      return orNull(async () => {
        const { taskId, rank } = await call<IndexedTask>(deployment, { method: 'GET', path });
        return { taskId, rank };
      });
    },
    async listTasks(namespace) {
      const found: IndexedTask[] = [];
      const path = `${index}/tasks/${encodeURIComponent(namespace)}`;
      for await (const page of callPages<IndexPage>(deployment, { method: 'GET', path })) {
        for (const { namespace: of, taskId, rank, expires } of page.tasks)
          found.push({ namespace: of, taskId, rank, expires });
      }
      return found.sort((a, b) => Date.parse(a.expires) - Date.parse(b.expires));
    },
    async purgeCache(taskQueueId, cacheName) {
      const path = `/api/purge-cache/v1/purge-cache/${encodeURIComponent(taskQueueId)}`;
      const response = await send(deployment, { method: 'POST', path, body: { cacheName } });
      await response.body?.cancel();
    },
    async currentScopes() {
      const path = '/api/auth/v1/scopes/current';
      return (await call<{ scopes: readonly string[] }>(deployment, { method: 'GET', path })).scopes;
    },
  };
}

interface GroupPage {
  readonly tasks: readonly { readonly status: TaskStatus }[];
  readonly continuationToken?: string;
}

interface IndexPage {
  readonly tasks: readonly IndexedTask[];
  readonly continuationToken?: string;
}

async function orNull<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof QueueError && error.code === 'not-found') return null;
    throw error;
  }
}

import { FailureError } from '../../base/failure.ts';
import type { IndexReader } from '../../graph/compile.ts';
import { QueueError } from '../queue.ts';
import { type Deployment, environmentDeployment } from './deployment.ts';
import { callPages } from './request.ts';

/** Names in one request: what the service takes. */
const batch = 1000;

/**
 * Asks the index and the queue of a deployment. What they do not know is absent. Fails with `unavailable` when they
 * cannot be reached or refuse.
 */
export function indexReader(deployment: Deployment): IndexReader {
  /** All pages of the answers to all batches. */
  async function* pages(path: string, key: string, names: readonly string[]): AsyncGenerator {
    for (let from = 0; from < names.length; from += batch) {
      const body = { [key]: names.slice(from, from + batch) };
      try {
        yield* callPages(deployment, { method: 'POST', path, body });
      } catch (error) {
        if (!(error instanceof QueueError)) throw error;
        if (error.code !== 'not-found') throw notAsked(error);
      }
    }
  }

  return {
    async findTasks(namespaces) {
      const found = new Map<string, string>();
      for await (const page of pages('/api/index/v1/tasks/indexes', 'indexes', namespaces)) {
        const { tasks } = page as { tasks?: readonly { namespace?: string; taskId?: string }[] };
        for (const { namespace, taskId } of tasks ?? []) {
          if (namespace !== undefined && taskId !== undefined) found.set(namespace, taskId);
        }
      }
      return found;
    },
    async statuses(taskIds) {
      const found = new Map<string, { state: string; expires: string }>();
      for await (const page of pages('/api/queue/v1/tasks/status', 'taskIds', taskIds)) {
        const { statuses } = page as {
          statuses?: readonly { taskId?: string; status?: { state: string; expires: string } }[];
        };
        for (const { taskId, status } of statuses ?? []) {
          if (taskId !== undefined && status !== undefined)
            found.set(taskId, { state: status.state, expires: status.expires });
        }
      }
      return found;
    },
  };
}

/** The index of the deployment that the environment names; null when it names none. */
export function environmentIndex(
  environment: Readonly<Record<string, string | undefined>>,
): IndexReader | null {
  const deployment = environmentDeployment(environment);
  return deployment === null ? null : indexReader(deployment);
}

function notAsked(error: QueueError): FailureError {
  return new FailureError(
    {
      kind: 'unavailable',
      message: `the index could not be asked: ${error.message}`,
      hint: 'TASKCLUSTER_PROXY_URL or TASKCLUSTER_ROOT_URL says where it is; unset both to compile without an index',
    },
    { cause: error },
  );
}

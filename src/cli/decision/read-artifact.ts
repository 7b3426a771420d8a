import { fail } from '../../base/failure.ts';
import type { ReadArtifact } from '../../graph/actions/decision-graph.ts';
import { QueueError, type TaskService } from '../../queue/queue.ts';
import { fetchText } from '../fetch-text.ts';

/** Reads JSON artifacts of a deployment's tasks. */
export function artifactReader(queue: Pick<TaskService, 'artifactUrl'>): ReadArtifact {
  return async (taskId, name) => {
    const url = await urlOrNull(queue, taskId, name);
    if (url === null) return null;
    const { text } = await fetchText(url, `the artifact ${name} of task ${taskId}`);
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return fail('unavailable', `the artifact ${name} of task ${taskId} is not JSON: ${error.message}`);
    }
  };
}

async function urlOrNull(
  queue: Pick<TaskService, 'artifactUrl'>,
  taskId: string,
  name: string,
): Promise<string | null> {
  try {
    return await queue.artifactUrl(taskId, name);
  } catch (error) {
    if (error instanceof QueueError && error.code === 'not-found') return null;
    throw error;
  }
}

import { isMapping, type Mapping } from '../values/plain.ts';
import { anyTask, defineAction, startedOn } from './define-action.ts';

export const purgeCaches = defineAction({
  name: 'purge-caches',
  title: 'Purge Caches',
  symbol: 'purge-caches',
  description:
    'Purge the caches of this task.\n\n' +
    'No task that starts from now on gets what is in them; tasks that are running are not disturbed.',
  order: 450,
  context: anyTask,
  schema: { type: 'object', properties: {} },
  async callback(call) {
    const { services } = call;
    const taskId = startedOn(call, 'purge-caches');
    const task = await services.task(taskId);
    const names = cacheNames(task.payload);
    if (names.length === 0) services.tell(`${taskId} uses no caches`);
    for (const name of names) {
      services.tell(`purging ${name} of ${queueOf(task)}`);
      await services.purgeCache(queueOf(task), name);
    }
  },
});

/** Of docker-worker's `cache` and generic-worker's writable `mounts`, each once, sorted. */
export function cacheNames(payload: unknown): readonly string[] {
  if (!isMapping(payload)) return [];
  const { cache, mounts } = payload;
  const mounted = Array.isArray(mounts) ? mounts.filter(isMapping).map(({ cacheName }) => cacheName) : [];
  const names = [...(isMapping(cache) ? Object.keys(cache) : []), ...mounted];
  return [...new Set(names.filter((name) => typeof name === 'string'))].sort();
}

function queueOf({ taskQueueId, provisionerId, workerType }: Mapping): string {
  return typeof taskQueueId === 'string' ? taskQueueId : `${String(provisionerId)}/${String(workerType)}`;
}

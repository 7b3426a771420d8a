import type { CacheRecord } from '../../caches/record.ts';
import type { GraphTask } from '../../graph/task-graph.ts';
import { isMapping, type Mapping } from '../../graph/values/plain.ts';

/** A cache of a task as its definition has it before the task exists. */
export interface CacheUse {
  readonly label: string;
  /** of an image built in-tree it still ends in `<docker-image>` */
  readonly name: string;
  readonly shortName: string;
  readonly mountPoint: string;
  readonly record: CacheRecord;
  /**
   * The image that stands for `<docker-image>`: the digest of what it is built from; its task's label where there is
   * none, because such an image is built anew each time. Null for other images.
   */
  readonly builtImage: string | null;
}

/** Of a full graph, by label. */
export function listCacheUses(graph: ReadonlyMap<string, GraphTask>): CacheUse[] {
  return [...graph.values()].flatMap((task) => {
    const caches = cachesOf(task);
    const image = graph.get(task.dependencies['docker-image'] ?? '');
    return Object.entries(caches).map(([name, entry]) => {
      const { shortName, mountPoint, record } = entry as Pick<
        CacheUse,
        'shortName' | 'mountPoint' | 'record'
      >;
      const builtImage = name.includes('<') && image !== undefined ? identityOf(image) : null;
      return { label: task.label, name, shortName, mountPoint, record, builtImage };
    });
  });
}

/** `extra.caisson.caches`, which is a task-reference when names hold a task's id. */
function cachesOf({ task }: GraphTask): Mapping {
  const extra = isMapping(task['extra']) ? task['extra']['caisson'] : undefined;
  const caches = isMapping(extra) ? extra['caches'] : undefined;
  if (!isMapping(caches)) return {};
  const referenced = caches['task-reference'];
  return isMapping(referenced) ? referenced : caches;
}

function identityOf({ label, attributes }: GraphTask): string {
  const cached = attributes['cached_task'];
  const digest = isMapping(cached) ? cached['digest'] : undefined;
  return typeof digest === 'string' ? digest : label;
}

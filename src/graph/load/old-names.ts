/** Keys of kind.yml before release 6 of taskgraph. The releases since ignore them silently. */
export const oldKindKeys: ReadonlyMap<string, string> = new Map([
  ['jobs', 'tasks'],
  ['jobs-from', 'tasks-from'],
  ['job-defaults', 'task-defaults'],
]);

const oldTransforms: ReadonlyMap<string, string> = new Map([
  [
    'taskgraph.transforms.job',
    'since release 6 of taskgraph it is called taskgraph.transforms.run, and "jobs" are called "tasks"',
  ],
  [
    'taskgraph.transforms.release_notifications',
    'it is called taskgraph.transforms.notify now; "notifications" stay as they are',
  ],
]);

/** What took the place of a transform or loader of older releases, or of those that people copied from each other. */
export function modernName(name: string): string | undefined {
  const plain = name.replace(/:\w+$/, '');
  if (/\.loader\.(?:multi_dep|single_dep)$/.test(plain)) {
    return 'taskgraph.transforms.from_deps does it now: "from-deps: {group-by: ...}" in a task, with taskgraph.loader.transform:loader';
  }
  return oldTransforms.get(plain);
}

/** By the part of a task and the key in it: what older releases knew, and what there is instead. */
const oldTaskKeys: ReadonlyMap<string, string> = new Map([
  ['run.cache-dotcache', '"use-caches" names the caches of tools now, e.g. [checkout, pip]'],
  ['run.sparse-profile', 'checkouts are never sparse now: take it out'],
  ['run.comm-checkout', '"checkout" names the repositories now'],
  ['run.tooltool-downloads', 'use "fetches": artifacts are checked by digest'],
  ['worker.relengapi-proxy', 'use "taskcluster-proxy"'],
]);

export function modernKey(part: string, key: string): string | undefined {
  return oldTaskKeys.get(`${part}.${key}`);
}

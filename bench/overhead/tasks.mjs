// The tasks that overhead.mjs runs.

export function trivialTask(engine, groupId) {
  return definition(
    groupId,
    engine === 'oci'
      ? { image: 'none', command: ['true'], maxRunTime: 60 }
      : { command: [['true']], maxRunTime: 60, mounts: [] },
  );
}

const cacheName = 'bench-level-1-overhead-v1-00000000000000000000';

/** With a cache, which it changes; `run-task` before the command when asked for. */
export function cacheTask(groupId, command) {
  const place = '/builds/worker/cache';
  const change = ['sh', '-c', `date +%N > ${place}/changed`];
  const isWrapped = command === 'run-task';
  return definition(
    groupId,
    {
      image: 'none',
      command: isWrapped ? ['/usr/local/bin/run-task', '--', ...change] : change,
      env: isWrapped ? { TASKCLUSTER_CACHES: place } : {},
      cache: { [isWrapped ? `${cacheName}-run-task` : cacheName]: place },
      maxRunTime: 60,
    },
    ['docker-worker:cache:bench-*'],
  );
}

function definition(taskGroupId, payload, scopes = []) {
  const now = Date.now();
  return {
    taskQueueId: 'local/bench',
    schedulerId: 'bench',
    taskGroupId,
    dependencies: [],
    requires: 'all-completed',
    routes: [],
    priority: 'low',
    retries: 0,
    created: new Date(now).toISOString(),
    deadline: new Date(now + 3.6e6).toISOString(),
    expires: new Date(now + 7.2e6).toISOString(),
    scopes,
    payload,
    metadata: { name: 'bench', description: '', owner: 'bench@localhost', source: 'file:///' },
    tags: {},
    extra: {},
  };
}

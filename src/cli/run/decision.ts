import { copyFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Queue } from '../../queue/queue.ts';
import type { TaskDefinition } from '../../task/definition.ts';

const day = 24 * 3600 * 1000;

/**
 * Stands for the decision task that a Taskcluster deployment would have: completed, with run-task and
 * fetch-content among its artifacts, because generic-worker payloads fetch them from there. Its id is the task group's.
 */
export async function recordDecision(
  queue: Queue,
  taskGroupId: string,
  programs: Readonly<Record<string, string>>,
  now: number,
): Promise<void> {
  const definition: TaskDefinition = {
    taskQueueId: 'caisson/decision',
    schedulerId: 'caisson',
    taskGroupId,
    dependencies: [],
    requires: 'all-completed',
    routes: [],
    priority: 'lowest',
    retries: 0,
    created: new Date(now).toISOString(),
    deadline: new Date(now + day).toISOString(),
    expires: new Date(now + 28 * day).toISOString(),
    scopes: [],
    payload: {},
    metadata: {
      name: 'decision',
      description: 'caisson run',
      owner: 'caisson@localhost',
      source: 'file:///',
    },
    tags: {},
    extra: {},
  };
  await queue.createTask(taskGroupId, definition);
  const request = { workerGroup: 'caisson', workerId: 'decision', tasks: 1, waitMs: 0, taskGroupId };
  const [claim] = await queue.claimWork('caisson/decision', request);
  if (claim === undefined) throw new Error('the decision task cannot be claimed');
  const artifact = {
    storageType: 's3',
    contentType: 'text/javascript',
    expires: definition.expires,
  } as const;
  for (const [name, path] of Object.entries(programs)) {
    const { putUrl } = await queue.createArtifact(taskGroupId, claim.runId, `public/${name}`, artifact);
    const target = fileURLToPath(putUrl!);
    copyFileSync(path, `${target}.tmp`);
    renameSync(`${target}.tmp`, target);
  }
  await queue.reportCompleted(taskGroupId, claim.runId);
}

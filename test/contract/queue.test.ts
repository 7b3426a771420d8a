import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import type { Queue } from '../../src/queue/queue.ts';
import { taskService } from '../../src/queue/taskcluster/task-service.ts';
import { startDeployment } from '../support/deployment.ts';
import type { QueueUnderTest } from './queue-rig.ts';
import { queueContract } from './queue-suite.ts';

async function openEmbedded(): Promise<QueueUnderTest> {
  const home = mkdtempSync(join(tmpdir(), 'caisson-queue-'));
  let now = Date.parse('2026-01-01T00:00:00.000Z');
  const queue = await openEmbeddedQueue({ home, clock: { now: () => now } });
  return {
    queue,
    now: () => now,
    async advance(milliseconds) {
      now += milliseconds;
      await queue.expire();
    },
    async close() {
      await queue.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

queueContract('the embedded queue', openEmbedded);

queueContract('a deployment, through what those ask over HTTP who run no tasks', async () => {
  const embedded = await openEmbedded();
  const deployment = await startDeployment(embedded.queue);
  const service = taskService({ url: deployment.url, credentials: null, pause: 1 });
  // The bytes of artifacts have other addresses over HTTP.
  const { artifactUrl: _, ...asked } = service;
  const queue = new Proxy(embedded.queue, {
    get: (target, name: keyof Queue) =>
      name in asked ? asked[name as keyof typeof asked] : target[name].bind(target),
  });
  return {
    ...embedded,
    queue,
    async close() {
      await deployment.close();
      await embedded.close();
    },
  };
});

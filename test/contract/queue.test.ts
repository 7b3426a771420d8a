import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { queueContract } from './queue-suite.ts';

queueContract('the embedded queue', async () => {
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
});

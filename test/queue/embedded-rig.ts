import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type EmbeddedQueue, openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';

/** A folder for one test. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'caisson-queue-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** Opened for one test. */
export async function openQueue(home: string, clock?: { now(): number }): Promise<EmbeddedQueue> {
  const queue = await openEmbeddedQueue({ home, ...(clock && { clock }) });
  onTestFinished(() => queue.close());
  return queue;
}

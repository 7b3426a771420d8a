import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Queue } from '../../src/queue/queue.ts';
import { uploadLog } from '../../src/worker/artifacts.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caisson-artifacts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each(['absent', 'another file', 'that log already'])(
  'a log takes its place whole and leaves nothing else, where %s was',
  async (before) => {
    const log = join(folder, 'task.log');
    const stored = join(folder, 'stored');
    writeFileSync(log, 'a line\n');
    if (before === 'another file') writeFileSync(stored, 'something longer that was there\n');
    if (before === 'that log already') linkSync(log, stored);
    const createArtifact = async () => ({ storageType: 's3', putUrl: pathToFileURL(stored).href }) as const;
    const queue = { createArtifact } as unknown as Queue;
    const place = { queue, taskId: 'AAAAAAAAQQGAAAAAAAAAAA', runId: 0, expires: '2030-01-01T00:00:00.000Z' };
    await uploadLog(place, 'public/logs/live.log', log);
    rmSync(log);
    expect(readFileSync(stored, 'utf8')).toBe('a line\n');
    expect(readdirSync(folder)).toEqual(['stored']);
  },
);

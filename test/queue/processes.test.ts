import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { slugid } from '../../src/base/slugid.ts';
import { openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { task } from '../contract/queue-task.ts';
import { findContradictions } from './consistency.ts';
import { openQueue, temporaryHome } from './embedded-rig.ts';

let folder: string;
let program: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'caisson-queue-'));
  program = join(folder, 'queue-process.mjs');
  // The bundle lies outside the project and could not find the package by its name.
  const sqlite = fileURLToPath(import.meta.resolve('@photostructure/sqlite'));
  await build({
    entryPoints: [join(import.meta.dirname, 'queue-process.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    alias: { '@photostructure/sqlite': sqlite },
    external: [sqlite],
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  readonly ended: Promise<number | null>;
  /** Resolves when that many lines have come. */
  reach(count: number): Promise<void>;
}

function start(mode: 'drain' | 'churn', home: string, workerId: string): Running {
  const child = spawn(process.execPath, [program, mode, home, workerId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(
    ([[code]]) => code as number | null,
  );
  return {
    child,
    lines,
    ended,
    async reach(count) {
      while (lines.length < count) await once(reader, 'line');
    },
  };
}

const idsAfter = (word: string, lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

describe('several processes on one embedded queue', () => {
  it('claim each of 300 tasks exactly once', async () => {
    const home = temporaryHome();
    const taskGroupId = slugid();
    const seed = await openEmbeddedQueue({ home });
    await seed.createTasks(
      Array.from({ length: 300 }, () => ({
        taskId: slugid(),
        definition: task(Date.now(), { taskGroupId }),
      })),
    );
    await seed.close();
    const processes = ['a', 'b', 'c'].map((workerId) => start('drain', home, workerId));
    expect(await Promise.all(processes.map((running) => running.ended))).toEqual([0, 0, 0]);
    const claimed = processes.flatMap((running) => idsAfter('claimed', running.lines));
    expect(claimed).toHaveLength(300);
    expect(new Set(claimed).size).toBe(300);
    const queue = await openQueue(home);
    expect(await queue.countTasks(taskGroupId)).toMatchObject({ completed: 300, pending: 0, running: 0 });
    expect(await findContradictions(home)).toEqual([]);
  });

  it('start together in an empty home', async () => {
    const home = temporaryHome();
    const processes = ['a', 'b', 'c', 'd'].map((workerId) => start('drain', home, workerId));
    expect(await Promise.all(processes.map((running) => running.ended))).toEqual([0, 0, 0, 0]);
  });

  it('may be killed at any instant: what was acknowledged is there, and all fits together', async () => {
    const home = temporaryHome();
    for (let round = 0; round < 6; round++) {
      const processes = ['a', 'b'].map((workerId) => start('churn', home, `${workerId}${round}`));
      await Promise.race(processes.map((running) => running.reach(20 + round * 17)));
      for (const { child } of processes) child.kill('SIGKILL');
      await Promise.all(processes.map((running) => running.ended));

      expect(await findContradictions(home)).toEqual([]);
      const queue = await openEmbeddedQueue({ home });
      const lines = processes.flatMap((running) => running.lines);
      for (const taskId of idsAfter('created', lines)) expect(await queue.task(taskId)).toBeDefined();
      for (const taskId of idsAfter('completed', lines)) {
        expect(await queue.status(taskId)).toMatchObject({ state: 'completed' });
        expect(await queue.findTask(taskId)).toEqual({ taskId, rank: 0 });
      }
      await queue.close();
    }
  });
});

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackEnd } from '../../src/caches/store.ts';
import type { LedgerLine } from '../../src/cli/output/ledger-words.ts';
import type { EngineChoice } from '../../src/worker/choose-engine.ts';
import { reconcileScratch } from '../../src/worker/scratch.ts';
import { hasOverlay } from '../caches/store-rig.ts';
import { caissonBeside, sandboxed } from '../support/caisson.ts';
import { makePicture, type Picture, shownLine } from './cache-picture.ts';
import { limitsMemory } from './engines/rig.ts';
import { WorkerRig } from './rig.ts';
import { buildWorker, type StartedWorker, startWorkerProcess } from './start-worker.ts';

const name = 'test-level-1-shared-v1-00000000000000000000';
const folder = mkdtempSync(join(tmpdir(), 'caisson-ends-'));
let program: string;
let picture: Picture;
beforeAll(async () => {
  program = await buildWorker(folder);
  picture = await makePicture();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Place {
  readonly backEnd: BackEnd;
  readonly engine: EngineChoice;
}

const places: readonly Place[] = [
  { backEnd: 'overlay', engine: 'oci' },
  { backEnd: 'direct', engine: 'oci' },
  { backEnd: 'direct', engine: 'process' },
];
const timeout = 60_000;
/** what a task may use */
const memory = 150e6;

describe.skipIf(!sandboxed || !hasOverlay).concurrent.each(places)(
  'what a warm cache is after a task ($backEnd, engine $engine; needs root, crun and overlayfs)',
  ({ backEnd, engine }) => {
    /** One task with the cache at `shared` in its directory. */
    const create = (rig: WorkerRig, script: string, maxRunTime = 60): Promise<string> => {
      const command = ['sh', '-c', script];
      if (engine === 'oci')
        return rig.create({ cache: { [name]: '/builds/worker/shared' }, command, maxRunTime });
      const mounts = [{ cacheName: name, directory: 'shared' }];
      const scopes = [`generic-worker:cache:${name}`];
      return rig.create({ image: undefined, command: [command], mounts, maxRunTime }, { scopes });
    };
    const warmedUp = async (): Promise<WorkerRig> => {
      const rig = await WorkerRig.open({ backEnd, memory });
      await run(rig, picture.fill);
      return rig;
    };
    const run = async (rig: WorkerRig, script: string): Promise<void> => {
      await create(rig, script);
      await rig.work(1, engine);
    };
    const shown = (rig: WorkerRig): string[] => rig.log.filter((line) => shownLine.test(line));
    const look = async (rig: WorkerRig): Promise<string[]> => {
      rig.events.length = 0;
      await run(rig, picture.show);
      return shown(rig);
    };
    /** What the next task meets, and where that lies. */
    interface Before {
      readonly shown: readonly string[];
      readonly directories: readonly string[];
    }
    /** Looks only: afterwards the generation is the same. */
    const lookFirst = async (rig: WorkerRig): Promise<Before> => {
      const directories = (await rig.store.list())[0]!.instances[0]!.directories;
      const lines = await look(rig);
      expect(lines.length).toBeGreaterThan(15);
      rig.events.length = 0;
      return { shown: lines, directories };
    };
    /** On layers the next task meets what was before; the directory that was worked in is gone, and `cache log` says why. */
    const expectAsBefore = async (
      rig: WorkerRig,
      after: readonly string[],
      before: Before,
      why: string,
    ): Promise<void> => {
      const { home } = rig;
      const { stdout } = await caissonBeside({ top: home, home }, ['cache', 'log', '--json']);
      const ends = (JSON.parse(stdout) as LedgerLine[]).filter(({ kind }) => kind === 'roll-back');
      expect(ends.map(({ caches, what }) => [caches, what])).toEqual([
        [[name], expect.stringMatching(new RegExp(`^work \\(\\S{22} run 0\\) rolled back: ${why}$`))],
      ]);
      const isThere = before.directories.map(existsSync);
      if (backEnd === 'overlay') {
        expect(rig.uses.at(-1)).toBe('generation 1');
        expect(after).toEqual(before.shown);
        expect(isThere).toEqual([true]);
      } else {
        expect(rig.uses.at(-1)).toMatch(new RegExp(`^rolled back: ${why}, \\d+ s ago$`));
        expect(after).toHaveLength(2);
        expect(isThere).toEqual([false]);
      }
    };
    const spoilAndWait = (): string => `${picture.spoil}; echo ready; sleep 60`;

    it('that was cancelled', { timeout }, async () => {
      await using rig = await warmedUp();
      const before = await lookFirst(rig);
      const taskId = await create(rig, spoilAndWait());
      const working = rig.work(1, engine);
      await expect.poll(() => rig.log.includes('ready'), { timeout: 20_000 }).toBe(true);
      await rig.queue.cancelTask(taskId);
      await working;
      expect(rig.log.at(-1)).toContain('rolled back: the task was cancelled');
      await expectAsBefore(rig, await look(rig), before, 'the task was cancelled');
    });

    it('that took longer than its maxRunTime', { timeout }, async () => {
      await using rig = await warmedUp();
      const before = await lookFirst(rig);
      const taskId = await create(rig, spoilAndWait(), 4);
      await rig.work(1, engine);
      expect(rig.log).toContain('ready');
      expect((await rig.status(taskId)).state).toBe('failed');
      await expectAsBefore(rig, await look(rig), before, 'the task took longer than its maxRunTime');
    });

    it.skipIf(!limitsMemory).for([
      // The shell that is told of it goes on, and ends by itself: only the kernel knows.
      { who: 'a process of it', hogs: 'tail /dev/zero; echo "exit $?"', state: 'completed' },
      { who: 'its last process', hogs: 'exec tail /dev/zero', state: 'failed' },
    ] as const)(
      'that ran out of memory, which ended $who (needs control groups)',
      { timeout },
      async ({ hogs, state }) => {
        await using rig = await warmedUp();
        const before = await lookFirst(rig);
        const taskId = await create(rig, `(${picture.spoil}); ${hogs}`);
        await rig.work(1, engine);
        expect(rig.log.slice(-3).map((line) => line.replace(/^\[caisson \S+\] /, ''))).toEqual([
          'out of memory: the kernel killed 1 process of the task; together they may use 150 MB',
          state === 'completed'
            ? 'exit code 0'
            : expect.stringMatching(/^exit code 137$|^killed by SIGKILL$/),
          expect.stringMatching(/^cache \S+: rolled back: the task ran out of memory$/),
        ]);
        expect((await rig.status(taskId)).state).toBe(state);
        await expectAsBefore(rig, await look(rig), before, 'the task ran out of memory');
      },
    );

    /** Spoils the cache in its first run and looks at it in the next. */
    const spoilThenShow = (): string => `if [ "$RUN_ID" = 0 ]; then ${spoilAndWait()}; fi; ${picture.show}`;

    /** Until the task has spoilt the cache. After a kill, the run is tried again when the claim has ended. */
    const startWorker = (rig: WorkerRig, claimSeconds: number): Promise<StartedWorker> => {
      const args = [rig.home, rig.taskGroupId, engine, backEnd, String(claimSeconds)];
      return startWorkerProcess(program, args, 'ready');
    };

    it('whose worker was stopped (SIGTERM): it is tried again', { timeout }, async () => {
      await using rig = await warmedUp();
      const before = await lookFirst(rig);
      const taskId = await create(rig, spoilThenShow());
      const worker = await startWorker(rig, 60);
      worker.child.kill('SIGTERM');
      expect(await worker.exited).toBe(0);
      await rig.work(1, engine);
      const { state, runs } = await rig.status(taskId);
      expect([state, ...runs.map(({ reasonResolved }) => reasonResolved)]).toEqual([
        'completed',
        'worker-shutdown',
        'completed',
      ]);
      await expectAsBefore(rig, shown(rig), before, 'the worker was stopped');
    });

    it('whose worker was killed (SIGKILL): it is tried again', { timeout }, async () => {
      await using rig = await warmedUp();
      const before = await lookFirst(rig);
      const taskId = await create(rig, spoilThenShow());
      const worker = await startWorker(rig, 3);
      worker.child.kill('SIGKILL');
      await worker.exited;
      // What a worker does at its start.
      expect(await reconcileScratch(rig.home)).toEqual([
        `removed what a killed worker left of run ${taskId}-0`,
      ]);
      expect((await rig.store.reconcile()).join()).toContain(`rolled back ${name}`);
      await rig.work(1, engine);
      const { state, runs } = await rig.status(taskId);
      expect([state, ...runs.map(({ reasonResolved }) => reasonResolved)]).toEqual([
        'completed',
        'claim-expired',
        'completed',
      ]);
      await expectAsBefore(rig, shown(rig), before, 'the process that used it was killed');
      expect((await rig.store.diagnose()).openLeases).toBe(0);
    });
  },
);

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFiles } from '../../support/file-server.ts';
import { CheckoutTrial } from '../hostile/repository.ts';
import { Sandbox } from '../wrapper.ts';
import { setUp, takeOver, writingAnew } from './cache-scenarios.ts';
import { type Fetch, fetchesOf, scenarioOf } from './fetch-scenarios.ts';
import { clone, cloneAround, deepen, update } from './git-scenarios.ts';
import { canTrace, isThorough, limit, seed } from './machine.ts';
import { type DurableCall, type Mutation, durableCalls, mutate } from './mutants.ts';
import { CutOff, type Scenario } from './scenario.ts';

/** Which scenario sees that a call is left out, or a rename is a copy; every call in the sources has a line. */
const watched: Readonly<Record<string, { in: string; mutations?: readonly Mutation[] }>> = {
  'src/archive/repack.ts: renameSync(partial, to)': { in: 'static-url, repacked' },
  'src/archive/target.ts: linkSync(from, path)': { in: 'MOZ_FETCHES into a cache' },
  'src/archive/target.ts: symlinkSync(target, path)': { in: 'MOZ_FETCHES into a cache' },
  'src/base/files.ts: fsyncSync(fd)': { in: 'writing a file anew' },
  'src/base/files.ts: fsyncSync(fd) (2)': { in: 'writing a file anew' },
  'src/base/files.ts: renameSync(temporary, path)': { in: 'writing a file anew' },
  'src/base/files.ts: syncDirectory(dirname(path))': { in: 'writing a file anew' },
  'src/caches/requirements-file.ts: fsyncSync(fd)': { in: 'setting up a cache' },
  'src/caches/requirements-file.ts: renameSync(temporary, join(cache, requirementsName))': {
    in: 'setting up a cache',
  },
  'src/caches/requirements-file.ts: syncDirectory(cache)': { in: 'setting up a cache' },
  'src/fetch-content/git-checkout-archive.ts: renameSync(checkout, whole)': {
    in: 'git-checkout-archive',
    // In a temporary folder, which no other run looks into.
    mutations: ['left out'],
  },
  'src/fetch-content/static-url.ts: renameSync(from, dest)': { in: 'static-url, under another name' },
  'src/fetch-content/tooltool.ts: renameSync(`${file}.tmp`, file)': { in: 'tooltool through its cache' },
  'src/run-task/download.ts: renameSync(partial, path)': { in: 'MOZ_FETCHES into a cache' },
  'src/run-task/fetch-queue.ts: renameSync(partial, file)': { in: 'MOZ_FETCHES into a cache' },
  'src/run-task/git-clone.ts: renameSync(partial, checkout)': { in: 'cloning' },
  "src/run-task/git-clone.ts: renameSync(join(partial, '.git'), join(checkout, '.git'))": {
    in: 'cloning around a cache',
  },
};
const found = durableCalls();
/** Only a power loss tells whether something was made durable; of the rest a kill tells. */
const isAboutSync = ({ text }: DurableCall) => /^(fsync|fdatasync|syncDirectory)/.test(text);

it('every sync, rename and link in the sources of run-task and fetch-content is watched', () => {
  expect(found.map(({ id }) => id).toSorted()).toEqual(Object.keys(watched).toSorted());
});

describe.skipIf(!canTrace)(
  'leaving something out is seen (needs strace, cc and root, CAISSON_ALL_TESTS=1)',
  () => {
    const trial = new CheckoutTrial();
    const served = trial.box.folder('served');
    let server: Awaited<ReturnType<typeof serveFiles>>;
    let fetches: Fetch[] = [];
    beforeAll(async () => {
      server = await serveFiles(served);
      fetches = fetchesOf(trial, served, server.url);
    });
    afterAll(async () => {
      await server.close();
      trial.remove();
    });

    const wrongIn = (name: string, box: Sandbox, isModelled: boolean): readonly string[] => {
      const mutant = new CheckoutTrial(box);
      try {
        const fetch = fetches.find((one) => one.name === name);
        const scenario =
          fetch === undefined
            ? [writingAnew, setUp, takeOver, clone, cloneAround, deepen, update]
                .map((make): Scenario => make(mutant))
                .find((one) => one.name === name)
            : scenarioOf(fetch, trial.box.program, box.program);
        if (scenario === undefined) throw new Error(`no scenario ${name}`);
        const cuts = new CutOff(scenario, mutant);
        const report = isModelled
          ? cuts.model({ kills: 0.2, losses: 1, seed }, true)
          : cuts.kills('group', { kills: 1, seed }, true);
        return report.wrong;
      } finally {
        mutant.remove();
      }
    };

    const mutants = found.flatMap((call): (readonly [string, Mutation, DurableCall])[] => {
      const isRename = call.text.startsWith('rename');
      const { mutations = isRename ? ['left out', 'not at once'] : ['left out'] } = watched[call.id] ?? {};
      return mutations.map((mutation) => [call.id, mutation, call] as const);
    });
    // Others every day, or by CAISSON_CRASH_SEED.
    const turn = Number(process.env['CAISSON_CRASH_SEED'] ?? Math.floor(Date.now() / 86_400_000));
    const chosen = mutants.filter((_, index) => isThorough || index % 3 === turn % 3);
    it.each(chosen)(
      '%s, %s',
      (id, mutation, call) => {
        const box = new Sandbox((folder) => mutate(folder, call, mutation));
        expect(wrongIn(watched[id]?.in ?? '', box, isAboutSync(call))).not.toEqual([]);
      },
      limit,
    );

    it.each([
      [
        'take-over',
        'taking a cache over',
        'src/run-task/cache.ts',
        /writeRequirements\(.*changingHands.*;/,
        '',
        true,
      ],
      ['update', 'updating a checkout', 'src/run-task/git.ts', /marker\.set\(\);\s+try/, 'try', true],
      [
        'fetch of all history',
        'a shallow checkout gets its history',
        'src/run-task/git.ts',
        '!(await hasEveryBranch(here))',
        'false',
        false,
      ],
    ] as const)(
      'the mark of a cache or checkout that is being changed, left out in the %s',
      (_what, name, file, from, to, isModelled) => {
        const box = new Sandbox((folder) => {
          const path = join(folder, file);
          const text = readFileSync(path, 'utf8');
          expect(text.replace(from, to)).not.toBe(text);
          writeFileSync(path, text.replace(from, to));
        });
        expect(wrongIn(name, box, isModelled)).not.toEqual([]);
      },
      limit,
    );
  },
);

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Report, formatReports } from '../../support/crash/every-cut.ts';
import { serveFiles } from '../../support/file-server.ts';
import { CheckoutTrial } from '../hostile/repository.ts';
import { fetchesOf, scenarioOf } from './fetch-scenarios.ts';
import { canTrace, isThorough, limit, seed } from './machine.ts';
import { type Scenario, killAtEveryCall } from './scenario.ts';

describe.skipIf(!canTrace)('a fetch that is killed (needs strace, cc and root, CAISSON_ALL_TESTS=1)', () => {
  const trial = new CheckoutTrial();
  const served = trial.box.folder('served');
  const reports: Report[] = [];
  let server: Awaited<ReturnType<typeof serveFiles>>;
  let scenarios: Scenario[] = [];
  beforeAll(async () => {
    server = await serveFiles(served);
    scenarios = fetchesOf(trial, served, server.url).map((fetch) => scenarioOf(fetch, trial.box.bundle));
  });
  afterAll(async () => {
    await server.close();
    trial.remove();
    process.stdout.write(`\n${formatReports(reports)}\n\n`);
  });

  it.each(['group', 'alone'] as const)(
    'a SIGKILL to %s: what has the name of a result is whole, and the next fetch leaves what it always does',
    (victims) => {
      for (const scenario of scenarios) {
        // A clone has many calls, and none of them touches the archive.
        const kills = isThorough ? 1 : scenario.name === 'git-checkout-archive' ? 0.005 : 0.15;
        reports.push(killAtEveryCall(scenario, trial, victims, { kills, seed }));
      }
      expect(reports.flatMap(({ wrong }) => wrong)).toEqual([]);
      expect(reports.every(({ tried }) => tried > 0)).toBe(true);
    },
    limit,
  );
});

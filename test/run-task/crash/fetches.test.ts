import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Report, formatReports } from '../../support/crash/every-cut.ts';
import { serveFiles } from '../../support/file-server.ts';
import { cutOff, newTrial } from './cut-off.ts';
import { type Fetch, fetchesOf, scenarioOf } from './fetch-scenarios.ts';
import { canTrace, limit } from './machine.ts';

describe.skipIf(!canTrace)('a fetch that is killed (needs strace, cc and root, CAISSON_ALL_TESTS=1)', () => {
  const trial = newTrial();
  const served = trial.box.folder('served');
  const reports: Report[] = [];
  let server: Awaited<ReturnType<typeof serveFiles>>;
  let fetches: Fetch[] = [];
  beforeAll(async () => {
    server = await serveFiles(served);
    fetches = fetchesOf(trial, served, server.url);
  });
  afterAll(async () => {
    await server.close();
    trial.remove();
    process.stdout.write(`\n${formatReports(reports)}\n\n`);
  });

  it(
    'what has the name of a result is whole, and the next fetch leaves what it always does',
    () => {
      for (const fetch of fetches) {
        // A clone has many calls, and none of them touches the archive.
        const share = fetch.name === 'git-checkout-archive' ? 0.005 : 0.15;
        const scenario = scenarioOf(fetch, trial.box.program);
        reports.push(...cutOff(scenario, { all: share, alone: share }, trial));
      }
      expect(reports.flatMap(({ wrong }) => wrong)).toEqual([]);
      expect(reports.every(({ tried }) => tried > 0)).toBe(true);
    },
    limit,
  );
});

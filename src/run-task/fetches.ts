import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { type FetchHelper, startFetchHelper } from './fetch-helper.ts';
import { type Fetch, takeFetches } from './fetch-queue.ts';
import { member, parseJson } from './json.ts';
import { say, tell } from './log.ts';
import { checkSignals, pause } from './signals.ts';

/** Artifacts are mostly small and far away: more at a time than we have processors. */
const parallel = Math.max(16, availableParallelism() * 2);
const mostThreads = 4;
const signalInterval = 500;

/** Downloads and unpacks the artifacts of MOZ_FETCHES. Throws ExitError when one is not to be had. */
export async function fetchArtifacts(environment: Environment): Promise<void> {
  const text = environment['MOZ_FETCHES'];
  if (text === undefined) return;
  const fetches = readFetches(text);
  const target = environment['MOZ_FETCHES_DIR'];
  if (target === undefined) throw new ExitError(exitCode.error, 'error: MOZ_FETCHES without MOZ_FETCHES_DIR');
  say('fetches', `fetching artifacts: ${fetches.length}`);
  const start = performance.now();
  const threads = Math.max(1, Math.min(mostThreads, availableParallelism(), fetches.length));
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const queue = { fetches, target, environment, taken, parallel: Math.ceil(parallel / threads) };
  const helpers = Array.from({ length: threads - 1 }, () => startFetchHelper(queue));
  await watched(takeFetches(queue), helpers);
  await checkSignals();
  say('fetches', 'finished fetching artifacts');
  report((performance.now() - start) / 1000, environment);
}

/** Waits for all threads; a signal that is to end us ends them all. */
async function watched(own: Promise<void>, helpers: readonly FetchHelper[]): Promise<void> {
  const all = Promise.all([own, ...helpers.map(({ ended }) => ended)]).then(() => true);
  const isOver = () => Promise.race([all, pause(signalInterval).then(() => false)]);
  try {
    while (!(await isOver()));
  } finally {
    for (const helper of helpers) helper.stop();
  }
}

function readFetches(text: string): Fetch[] {
  const value = parseJson(text);
  if (!Array.isArray(value)) throw new ExitError(exitCode.error, 'error: MOZ_FETCHES is not a JSON list');
  return value.map((item: unknown): Fetch => {
    const artifact = member(item, 'artifact');
    const task = member(item, 'task');
    const dest = member(item, 'dest');
    if (typeof artifact !== 'string' || typeof task !== 'string' || artifact.endsWith('/')) {
      throw new ExitError(
        exitCode.error,
        `error: MOZ_FETCHES: no artifact and task in ${JSON.stringify(item)}`,
      );
    }
    return {
      artifact,
      task,
      extract: member(item, 'extract') === true,
      dest: typeof dest === 'string' ? dest : '.',
      verifyHash: member(item, 'verify-hash') === true,
    };
  });
}

function report(seconds: number, environment: Environment): void {
  const suite = {
    name: 'fetch_content',
    value: seconds,
    lowerIsBetter: true,
    shouldAlert: false,
    subtests: [],
  };
  const data = JSON.stringify({ framework: { name: 'build_metrics' }, suites: [suite] });
  tell(`PERFHERDER_DATA: ${data}`);
  const file = environment['PERFHERDER_FETCH_CONTENT_JSON_PATH'];
  if (environment['MOZ_AUTOMATION'] !== '1' || file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, data);
}

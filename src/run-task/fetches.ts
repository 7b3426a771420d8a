import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ArchiveError } from '../archive/archive-error.ts';
import { printable } from '../base/printable.ts';
import { downloadFile, downloadText } from './download.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { type FetchHelper, startFetchHelper } from './fetch-helper.ts';
import { parseJson } from './json.ts';
import { say, tell } from './log.ts';
import { isBelow } from './mounts.ts';
import { checkSignals, pause } from './signals.ts';
import { worldError } from './world-error.ts';

/** One artifact of another task, as MOZ_FETCHES lists it. */
export interface Fetch {
  readonly artifact: string;
  readonly task: string;
  readonly extract: boolean;
  /** relative to MOZ_FETCHES_DIR */
  readonly dest: string;
  readonly verifyHash: boolean;
}

/** What every thread takes fetches from; it can be handed to another one. */
export interface FetchQueue {
  readonly fetches: readonly Fetch[];
  readonly target: string;
  readonly environment: Environment;
  /** one number: how many fetches were taken, or more than there are, so that nobody takes another */
  readonly taken: Int32Array;
  /** how many a thread does at a time */
  readonly parallel: number;
}

/** Artifacts are mostly small and far away: more at a time than we have processors. */
const parallel = Math.max(8, availableParallelism() * 2);
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

/** Fetches what nobody else has taken, until all is taken or something failed, in whichever thread. */
export async function takeFetches(queue: FetchQueue): Promise<void> {
  const { fetches, target, environment, taken } = queue;
  const work = async () => {
    for (let fetch = fetches[Atomics.add(taken, 0, 1)]; fetch; fetch = fetches[Atomics.add(taken, 0, 1)]) {
      try {
        await fetchOne(fetch, target, environment);
      } catch (error) {
        Atomics.store(taken, 0, fetches.length);
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: queue.parallel }, work));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Waits for all threads; a signal that is to end us ends them all. */
async function watched(own: Promise<void>, helpers: readonly FetchHelper[]): Promise<void> {
  let isOver = false;
  const all = Promise.all([own, ...helpers.map(({ ended }) => ended)]).finally(() => (isOver = true));
  try {
    while (!isOver) await Promise.race([all, pause(signalInterval)]);
    await all;
  } finally {
    for (const helper of helpers) helper.stop();
  }
}

async function fetchOne(fetch: Fetch, target: string, environment: Environment): Promise<void> {
  const directory = resolve(target, fetch.dest);
  const name = fetch.artifact.split('/').at(-1) ?? '';
  const file = join(directory, name);
  try {
    makeDirectory(directory, target);
    await downloadFile(artifactUrl(fetch.task, fetch.artifact, environment), file, {
      digest: await hashOf(fetch, environment),
    });
    if (fetch.extract && (await unpackInto(file, directory))) rmSync(file);
  } catch (error) {
    if (error instanceof ArchiveError)
      throw new ExitError(exitCode.error, `error: ${printable(error.message)}`);
    throw worldError(file, error);
  }
}

/** An archive that was unpacked before may have left a link on the way, which must not lead out of the target. */
function makeDirectory(directory: string, target: string): void {
  mkdirSync(directory, { recursive: true });
  if (!isBelow(directory, resolve(target))) return;
  const [place, root] = [realpathSync.native(directory), realpathSync.native(target)];
  if (place === root || isBelow(place, root)) return;
  throw new ExitError(exitCode.error, `error: ${directory}: a link leads out of ${target}`);
}

/** Loaded when needed: most tasks fetch nothing. */
async function unpackInto(file: string, directory: string): Promise<boolean> {
  const { unpack } = await import('../archive/unpack.ts');
  return unpack(file, directory);
}

/** What the task that made an artifact said it was: its chain of trust names every artifact's hash. */
async function hashOf(fetch: Fetch, environment: Environment): Promise<string | null> {
  if (!fetch.verifyHash) return null;
  const url = artifactUrl(fetch.task, 'public/chain-of-trust.json', environment);
  const artifacts = member(parseJson(await downloadText(url)), 'artifacts');
  const sha256 = member(member(artifacts, fetch.artifact), 'sha256');
  if (typeof sha256 === 'string') return sha256;
  throw new ExitError(exitCode.error, `error: ${url} has no sha256 of ${fetch.artifact}`);
}

/** Public artifacts come from the deployment itself, others through the proxy that knows the task's credentials. */
function artifactUrl(task: string, artifact: string, environment: Environment): string {
  const root = environment['TASKCLUSTER_ROOT_URL'] || null;
  const proxy = environment['TASKCLUSTER_PROXY_URL'] || null;
  const base = artifact.startsWith('public/') ? (root ?? proxy) : (proxy ?? root);
  if (base === null) {
    throw new ExitError(
      exitCode.error,
      'error: MOZ_FETCHES without TASKCLUSTER_ROOT_URL or TASKCLUSTER_PROXY_URL',
    );
  }
  const path = artifact.split('/').map(encodeURIComponent).join('/');
  return `${base.replace(/\/$/, '')}/api/queue/v1/task/${task}/artifacts/${path}`;
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

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

import { mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ArchiveError } from '../archive/archive-error.ts';
import { printable } from '../base/printable.ts';
import { downloadSmall, downloadText } from './download.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { member, parseJson } from './json.ts';
import { isBelow } from './mounts.ts';
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

/** Archives up to this size are unpacked from memory, in bytes. */
const smallArchive = 8 << 20;

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

async function fetchOne(fetch: Fetch, target: string, environment: Environment): Promise<void> {
  const directory = resolve(target, fetch.dest);
  const name = fetch.artifact.split('/').at(-1) ?? '';
  const file = join(directory, name);
  try {
    makeDirectory(directory, target);
    const url = artifactUrl(fetch.task, fetch.artifact, environment);
    const wanted = { digest: await hashOf(fetch, environment) };
    const bytes = await downloadSmall(url, file, wanted, fetch.extract ? smallArchive : 0);
    if (fetch.extract && (await unpackInto(file, directory, bytes))) rmSync(file, { force: true });
    else if (bytes !== null) writeWhole(file, bytes);
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
async function unpackInto(file: string, directory: string, bytes: Buffer | null): Promise<boolean> {
  const { unpack } = await import('../archive/unpack.ts');
  return unpack(file, directory, bytes);
}

/** A file that appears whole or not at all. */
function writeWhole(file: string, bytes: Buffer): void {
  const partial = `${file}.tmp`;
  rmSync(partial, { force: true });
  try {
    writeFileSync(partial, bytes, { flag: 'wx' });
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
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

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../base/failure.ts';
import { ifThere } from '../base/files.ts';
import { sha256 } from '../base/hash.ts';
import type { WrapperDigests } from '../graph/docker-context/context.ts';

export interface RunTaskBundle {
  /** the bundle, for Node; absolute */
  readonly path: string;
  /** what tasks on this machine start with: the stand-alone executable where it is built, else the bundle */
  readonly fitting: string;
  /** fetch-content, in the same two forms */
  readonly fetchContent: { readonly path: string; readonly fitting: string };
  /** of run-task: the `wrapper` of cache names */
  readonly digest: string;
  /** SHA-256 of the bundles' bytes, which name the Bun that executables are made with */
  readonly digests: WrapperDigests;
}

/** What run-task can be had for: a kind of machine, or any that has Node. */
export const runTaskPlatforms = ['linux-x64', 'linux-arm64', 'any'] as const;
export type RunTaskPlatform = (typeof runTaskPlatforms)[number];

const build = 'build it: npm run build';

/** The run-task that lies beside this program; what goes into cache names is what tasks are given. */
export function runTaskBundle(): RunTaskBundle {
  const path = join(import.meta.dirname, 'run-task.mjs');
  const digest = digestOf(path);
  const here = runTaskPlatforms.find((platform) => platform === `${process.platform}-${process.arch}`);
  const executable = here === undefined ? null : findExecutable(here, digest);
  const fetchContent = join(import.meta.dirname, 'fetch-content.mjs');
  const digests = { 'run-task': digest, 'fetch-content': digestOf(fetchContent) };
  if (executable?.state !== 'current') {
    return {
      path,
      fitting: path,
      fetchContent: { path: fetchContent, fitting: fetchContent },
      digest,
      digests,
    };
  }
  const fitting = join(dirname(executable.path), 'fetch-content');
  return { path, fitting: executable.path, fetchContent: { path: fetchContent, fitting }, digest, digests };
}

function digestOf(path: string): string {
  const bytes = ifThere(() => readFileSync(path));
  return bytes === null ? fail('unavailable', `${path} is missing`, build) : sha256(bytes);
}

/** Run-task for a platform; fails with a hint where it is not built, or built from another bundle. */
export function runTaskFor(platform: RunTaskPlatform): string {
  const bundle = runTaskBundle();
  if (platform === 'any') return bundle.path;
  const { state, path } = findExecutable(platform, bundle.digest);
  if (state === 'current') return path;
  const what = state === 'missing' ? 'is missing' : `is made from another run-task than ${bundle.path}`;
  return fail('unavailable', `${path} ${what}`, build);
}

/** The note beside an executable is written last and says which bundle it was made from. */
function findExecutable(
  platform: string,
  digest: string,
): { state: 'current' | 'stale' | 'missing'; path: string } {
  const folder = join(import.meta.dirname, 'executables', platform);
  const path = join(folder, 'run-task');
  const note = ifThere(() => readFileSync(join(folder, 'built.json')));
  if (note === null) return { state: 'missing', path };
  const built = JSON.parse(note.toString('utf8')) as { digest?: unknown };
  return { state: built.digest === digest ? 'current' : 'stale', path };
}

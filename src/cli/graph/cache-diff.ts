import { FailureError, fail } from '../../base/failure.ts';
import { openWorkTree, type WorkTree } from '../../base/work-tree.ts';
import type { Parameters } from '../../graph/parameters/parameters.ts';
import { versionOf } from '../../graph/parameters/repository.ts';
import { compareCaches } from './cache-comparison.ts';
import type { CacheUse } from './cache-uses.ts';
import { compileSets, type Tree } from './compile-sets.ts';
import type { GraphResult } from './job.ts';
import { drawComparison } from '../output/cache-comparison.ts';
import { parameterSets } from '../parameter-sets.ts';
import { locateRepository, type Repository } from '../repository.ts';
import { exportRevision, inTemporaryFolder, resolveRevision, withPortableRoot } from '../revision.ts';
import { runTaskBundle } from '../run-task-bundle.ts';
import { snapshotRevision } from '../snapshot.ts';

export interface CacheDiffOptions {
  readonly root: string;
  readonly parameters?: string;
  readonly json?: true;
}

/** One of the two sides: its commit, and what the user calls it. */
interface Side {
  readonly revision: string;
  readonly name: string;
  readonly tree: Tree;
}

/** Prints which caches differ between two revisions, the second one being the files as they are unless it is named. */
export async function printCacheDiff(
  before: string,
  after: string | undefined,
  options: CacheDiffOptions,
): Promise<void> {
  const repository = withPortableRoot(locateRepository(options.root, process.cwd()));
  await inTemporaryFolder((folder) => diffCaches(repository, { folder, before, after }, options));
}

async function diffCaches(
  repository: Repository,
  given: { readonly folder: string; readonly before: string; readonly after: string | undefined },
  options: CacheDiffOptions,
): Promise<void> {
  const [set, ...others] = parameterSets(options.parameters === undefined ? [] : [options.parameters]);
  if (set === undefined || others.length > 0) fail('usage', '-p: name one set of parameters, not a folder');
  const workTree = openWorkTree(repository.top);
  const at = (revision: string): Side => sideAt(workTree, repository, revision, given.folder);
  const before = at(given.before);
  const after = given.after === undefined ? sideHere(workTree, repository, given.folder) : at(given.after);
  const job = {
    phase: 'full',
    format: 'caches',
    excludeKeys: [],
    strict: false,
    indexed: false,
    wrapper: runTaskBundle().digests,
    rootUrl: 'https://taskcluster.invalid',
  } as const;
  const [results] = await compileSets({
    repository,
    sets: [set],
    trees: [before.tree, after.tree],
    // As in `caisson run`: a developer's machine is level 1.
    overrides: set.spec === null ? { level: '1' } : {},
    threads: 2,
    jobFor: () => job,
  });
  const [old, now] = (await Promise.all(results!)) as [GraphResult, GraphResult];
  const comparison = compareCaches(usesIn(old, before), usesIn(now, after));
  const [from, to] = [before, after].map(({ revision, name }) => ({ revision, name }));
  const document = { before: from!, after: to!, ...comparison };
  process.stdout.write(options.json ? `${JSON.stringify(document, null, 2)}\n` : drawComparison(document));
}

function sideAt(workTree: WorkTree, repository: Repository, name: string, folder: string): Side {
  const revision = resolveRevision(workTree, name);
  const exported = exportRevision(workTree, repository, revision, folder).repository;
  return {
    name,
    revision,
    tree: { repository: exported, parameters: ownParameters(exported.top, revision) },
  };
}

/** The work tree as it is, under the revision that `caisson run` would give it. */
function sideHere(workTree: WorkTree, repository: Repository, folder: string): Side {
  const { top } = repository;
  const revision = workTree.type === 'git' ? snapshotRevision(top, folder) : workTree.head();
  return {
    name: 'the files as they are',
    revision,
    tree: { repository, parameters: ownParameters(top, revision) },
  };
}

/** All else is the same on both sides, so that nothing differs but what the revisions make different. */
function ownParameters(top: string, revision: string): Partial<Parameters> {
  return { head_rev: revision, version: versionOf(top) };
}

function usesIn(result: GraphResult, { name }: Side): readonly CacheUse[] {
  if (result.ok) return JSON.parse(result.text) as CacheUse[];
  const message = `${name} cannot be compiled: ${result.failure.message}`;
  throw new FailureError({ ...result.failure, message });
}

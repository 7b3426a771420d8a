import { join } from 'node:path';
import { fail } from '../../base/failure.ts';
import { openWorkTree, type WorkTree } from '../../base/work-tree.ts';
import type { Phase } from '../../graph/compile.ts';
import { versionOf } from '../../graph/parameters/repository.ts';
import { tellWarnings } from '../compilation.ts';
import { type ParameterSet, parameterSets } from '../parameter-sets.ts';
import { locateRepository } from '../repository.ts';
import { exportRevision, inTemporaryFolder, resolveRevision, withPortableRoot } from '../revision.ts';
import { compileSets } from './compile-sets.ts';
import type { GraphResult } from './job.ts';
import { outputFiles, writeOutput } from './outputs.ts';
import { tellFailure, tellHeader } from './print.ts';
import { type GraphOptions, jobFor, parameterOverrides, threadCount } from './request.ts';
import { unifiedDiff } from './unified-diff.ts';

/**
 * Prints how the graph of every set of parameters differs from that of another revision. Both are compiled with the same
 * parameters, but for the version that each has: what differs is the configuration. `setName` is taskgraph's name of what
 * is compared. Gives back the exit code.
 */
export async function diffGraphs(phase: Phase, setName: string, options: GraphOptions): Promise<number> {
  const repository = withPortableRoot(locateRepository(options.root, process.cwd()));
  const workTree = openWorkTree(repository.top);
  if (!options.dirty && !workTree.isClean()) {
    const hint = 'commit or stash them, or compare the files as they are with --dirty';
    fail('usage', 'there are uncommitted changes, and --diff compares revisions', hint);
  }
  const sets = parameterSets(options.parameters);
  const files = outputFiles(options.outputFile, sets);
  const job = jobFor(phase, options);
  const wanted =
    options.diff === true || options.diff === 'default' ? workTree.baseRevision() : options.diff!;
  const commit = resolveRevision(workTree, wanted);
  const sides = [`${setName}@${commit.slice(0, 12)}`, `${setName}@${currentName(workTree)}`] as const;

  return inTemporaryFolder(async (folder) => {
    for (const side of sides) process.stderr.write(`Generating ${side.replace('@', ' @ ')}\n`);
    const other = exportRevision(workTree, repository, commit, folder).repository;
    const results = await compileSets({
      repository,
      sets,
      trees: [{ repository: other, parameters: { version: versionOf(other.top) } }, { repository }],
      overrides: parameterOverrides(repository, options),
      threads: threadCount(options),
      jobFor: (set, tree) => ({ ...job, output: join(folder, `${set}-${tree}`) }),
    });
    let code = 0;
    for (const [index, set] of sets.entries()) {
      tellHeader(set, sets);
      const failed = await tellFailed(results[index]!, sides, set, options);
      code ||= failed;
      if (failed !== 0) continue;
      const [before, after] = sides;
      const difference = unifiedDiff(
        folder,
        { file: `${index}-0`, label: before },
        { file: `${index}-1`, label: after },
      );
      if (difference === null) writeOutput(`Files ${before} and ${after} are identical\n`, null);
      else writeOutput(difference, files[index]!);
    }
    if (!options.json) {
      process.stderr.write('If you were expecting differences in task bodies you should pass "-J"\n');
    }
    return code;
  });
}

/** Tells the warnings of the newer side and what is wrong on either side; gives back the exit code. */
async function tellFailed(
  results: readonly Promise<GraphResult>[],
  sides: readonly string[],
  { name }: ParameterSet,
  { quiet }: GraphOptions,
): Promise<number> {
  const [before, after] = (await Promise.all(results)) as [GraphResult, GraphResult];
  let code = 0;
  if (!before.ok) {
    process.stderr.write(`caisson: no diff for ${name}, since ${sides[0]} could not be compiled:\n`);
    code = tellFailure(before.failure);
  }
  if (after.ok) {
    if (!quiet) tellWarnings(after);
  } else if (before.ok || before.failure !== after.failure) {
    process.stderr.write(`caisson: no diff for ${name}, since ${sides[1]} could not be compiled:\n`);
    code ||= tellFailure(after.failure);
  }
  return code;
}

function currentName(workTree: WorkTree): string {
  return workTree.branch() || workTree.head().slice(0, 12);
}

import { exitCodes, type Failure } from '../../base/failure.ts';
import type { Phase } from '../../graph/compile.ts';
import { tellWarnings } from '../compilation.ts';
import { drawFailure } from '../output/failure.ts';
import { type ParameterSet, parameterSets } from '../parameter-sets.ts';
import { locateRepository } from '../repository.ts';
import { compileSets } from './compile-sets.ts';
import { outputFiles, writeOutput } from './outputs.ts';
import { type GraphOptions, jobFor, parameterOverrides, threadCount } from './request.ts';

/**
 * Prints the graph of every set of parameters. Several are compiled side by side; what is wrong with one does not keep
 * the others from being printed. Gives back the exit code.
 */
export async function printGraphs(phase: Phase, options: GraphOptions): Promise<number> {
  const repository = locateRepository(options.root, process.cwd());
  const sets = parameterSets(options.parameters);
  const files = outputFiles(options.outputFile, sets);
  const job = jobFor(phase, options);
  const results = await compileSets({
    repository,
    sets,
    trees: [{ repository }],
    overrides: parameterOverrides(repository, options),
    threads: threadCount(options),
    jobFor: (set) => ({ ...job, ...(files[set] == null ? {} : { output: files[set] }) }),
  });
  let code = 0;
  for (const [index, set] of sets.entries()) {
    const result = await results[index]![0]!;
    tellHeader(set, sets);
    if (result.ok) {
      if (!options.quiet) tellWarnings(result);
      if (files[index] === null) writeOutput(result.text, null);
    } else {
      code ||= tellFailure(result.failure);
    }
  }
  return code;
}

/** Says on standard error which set all that follows belongs to, when there are several. */
export function tellHeader({ name }: ParameterSet, all: readonly ParameterSet[]): void {
  if (all.length > 1) process.stderr.write(`Dumping result with parameters from ${name}:\n`);
}

/** Says what is wrong; gives back its exit code. */
export function tellFailure(failure: Failure): number {
  process.stderr.write(drawFailure(failure));
  return exitCodes[failure.kind];
}

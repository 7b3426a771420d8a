import { type Failure, FailureError } from '../../base/failure.ts';
import type { Parameters } from '../../graph/parameters/parameters.ts';
import { parametersFromRepository } from '../../graph/parameters/repository.ts';
import { givenParameters } from '../load-parameters.ts';
import type { ParameterSet } from '../parameter-sets.ts';
import type { Repository } from '../repository.ts';
import type { GraphJob, GraphResult } from './job.ts';
import { runGraphJobs } from './pool.ts';

/** A state of the files that is compiled. */
export interface Tree {
  readonly repository: Repository;
  /** parameters that are this tree's own as long as a set does not give them */
  readonly parameters?: Partial<Parameters>;
}

export interface SetsRequest {
  /** where the user is: what sets leave out is as there, for all trees */
  readonly repository: Repository;
  readonly sets: readonly ParameterSet[];
  readonly trees: readonly Tree[];
  /** parameters that go over those of every set */
  readonly overrides: Partial<Parameters>;
  readonly threads: number;
  readonly jobFor: (set: number, tree: number) => Omit<GraphJob, 'repository' | 'parameters'>;
}

/**
 * Compiles every tree with every set of parameters, side by side. Results by set, then by tree: one that fails, be it
 * because its parameters cannot be had, leaves the others alone.
 */
export async function compileSets(request: SetsRequest): Promise<Promise<GraphResult>[][]> {
  const { repository, sets, trees, overrides } = request;
  const given = await Promise.all(sets.map(({ spec }) => loaded(repository, spec)));
  const defaults = parametersFromRepository(repository.top);
  const jobs: GraphJob[] = [];
  const places = given.map((set, setIndex) =>
    trees.map((tree, treeIndex): Failure | number => {
      if ('kind' in set) return set;
      const parameters = { ...defaults, ...tree.parameters, ...set.parameters, ...overrides };
      const job = request.jobFor(setIndex, treeIndex);
      return jobs.push({ ...job, repository: tree.repository, parameters }) - 1;
    }),
  );
  const results = runGraphJobs(jobs, request.threads);
  return places.map((ofSet) =>
    ofSet.map((place) =>
      typeof place === 'number' ? results[place]! : Promise.resolve({ ok: false, failure: place }),
    ),
  );
}

async function loaded(
  repository: Repository,
  spec: string | null,
): Promise<Failure | { readonly parameters: Partial<Parameters> }> {
  try {
    return { parameters: await givenParameters(repository, spec) };
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
}

import type { Diagnostic } from '../../base/diagnostic.ts';
import { type Failure, FailureError } from '../../base/failure.ts';
import { type Compilation, compile, type Phase } from '../../graph/compile.ts';
import type { WrapperDigests } from '../../graph/docker-context/context.ts';
import { formatJson, formatLabels, formatYaml, type Selection } from '../../graph/output/format.ts';
import type { Parameters } from '../../graph/parameters/parameters.ts';
import { pythonMatch } from '../../graph/values/python-regex.ts';
import { environmentIndex } from '../../queue/taskcluster/index-reader.ts';
import type { Repository } from '../repository.ts';
import { listCacheUses } from './cache-uses.ts';
import { writeOutput } from './outputs.ts';

/** One compilation and what is to be written of it; plain data, so that another thread can do it. */
export interface GraphJob {
  readonly repository: Repository;
  readonly parameters: Parameters;
  readonly phase: Phase;
  /** `caches`: what the tasks keep where, as `CacheUse[]` in JSON; `nothing`: only whether it is right */
  readonly format: 'json' | 'yaml' | 'labels' | 'caches' | 'nothing';
  /** the regular expression, in Python's words, that labels must match */
  readonly tasks?: string;
  readonly excludeKeys: readonly string[];
  readonly strict: boolean;
  /** how many mistakes a failure has; default: 100 */
  readonly mostTold?: number;
  readonly thorough?: boolean;
  /** whether the index may be asked */
  readonly indexed: boolean;
  readonly wrapper: WrapperDigests;
  /** used where the environment names no deployment */
  readonly rootUrl?: string;
  /** the file to write; without one the text is in the result */
  readonly output?: string;
}

export type GraphResult =
  | {
      readonly ok: true;
      readonly text: string;
      readonly count: number;
      readonly warnings: readonly Diagnostic[];
    }
  | { readonly ok: false; readonly failure: Failure };

/** What is wrong is in the result; what is our own fault throws. */
export async function runGraphJob(job: GraphJob): Promise<GraphResult> {
  try {
    const compilation = await compileJob(job);
    const text = draw(job, compilation);
    if (job.output !== undefined) writeOutput(text, job.output);
    return {
      ok: true,
      text: job.output === undefined ? text : '',
      count: compilation.graph.size,
      warnings: compilation.warnings,
    };
  } catch (error) {
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

function compileJob(job: GraphJob): Promise<Compilation> {
  const { TASK_ID: decisionTaskId, TASKCLUSTER_ROOT_URL: rootUrl } = process.env;
  return compile(
    {
      root: job.repository.root,
      repository: job.repository.top,
      parameters: job.parameters,
      wrapper: job.wrapper,
      rootUrl: rootUrl ?? job.rootUrl ?? null,
      index: job.indexed ? environmentIndex(process.env) : null,
      decisionReference: 'DECISION-TASK',
      ...(decisionTaskId === undefined ? {} : { decisionTaskId }),
      strict: job.strict,
      ...(job.mostTold === undefined ? {} : { mostTold: job.mostTold }),
      thorough: job.thorough ?? false,
    },
    job.phase,
  );
}

function draw({ format, tasks, excludeKeys }: GraphJob, { graph }: Compilation): string {
  const selection: Selection = {
    ...(tasks === undefined ? {} : { tasks: { test: (label) => pythonMatch(tasks, label) !== null } }),
    excludeKeys,
  };
  const drawers: Readonly<Record<GraphJob['format'], () => string>> = {
    json: () => formatJson(graph, selection),
    yaml: () => formatYaml(graph, selection),
    labels: () => formatLabels(graph, selection),
    caches: () => JSON.stringify(listCacheUses(graph)),
    nothing: () => '',
  };
  return drawers[format]();
}

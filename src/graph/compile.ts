import { resolve } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Diagnostic } from '../base/diagnostic.ts';
import { compareCodePoints } from '../base/hash.ts';
import { checkDependencies, type GraphMistake, reportOnGraph } from './check-graph.ts';
import type { ContextRequest, WrapperDigests } from './docker-context/context.ts';
import { type FullTaskSet, generateTasks } from './generate.ts';
import type { GraphConfig } from './graph-config.ts';
import type { IndexReader } from './index-reader.ts';
import { type Configuration, readConfiguration } from './load/configuration.ts';
import { type ImagePins, readImageLock } from './load/image-lock.ts';
import { Mistakes } from './mistakes.ts';
import { morph } from './morph/morph.ts';
import { optimize } from './optimize/optimize.ts';
import { assignTaskIds } from './optimize/task-ids.ts';
import { checkParameters } from './parameters/check.ts';
import type { Parameters } from './parameters/parameters.ts';
import { loadPlugins } from './plugins/load.ts';
import type { Registry } from './plugins/registry.ts';
import { alwaysTargets, namedTargets, selectTargets, targetGraph } from './targets.ts';
import type { GraphTask } from './task-graph.ts';
import { verifyFull, verifyOptimized } from './verify/verify.ts';

export type { IndexReader } from './index-reader.ts';

export const phases = ['full', 'target', 'target-graph', 'optimized', 'morphed'] as const;
export type Phase = (typeof phases)[number];

export interface CompileRequest {
  /** the folder of config.yml, as the user typed it (it shows in `metadata.source`) */
  readonly root: string;
  /** the working directory that relative paths in the configuration start from: the repository's top */
  readonly repository: string;
  readonly parameters: Parameters;
  readonly wrapper: WrapperDigests;
  /** for artifact-references and generic-worker's mounts; an error when one is needed and it is null */
  readonly rootUrl: string | null;
  /** answers index-search; null: nothing is indexed */
  readonly index: IndexReader | null;
  /** labels or regular expressions: these are the targets instead of what the target method says */
  readonly targets?: readonly string[];
  /** `<decision>`; default: the environment's TASK_ID, given by the caller */
  readonly decisionTaskId?: string;
  /**
   * What `<decision>` becomes in references; default: `decisionTaskId`, else `DECISION-TASK`. The reference's commands
   * that print a graph write `DECISION-TASK` even in a decision task.
   */
  readonly decisionReference?: string;
  /** this is a decision task, whose artifacts tasks will find; default: false */
  readonly writeArtifacts?: boolean;
  /** false: images stay as they are written, whatever digests are committed; default: true */
  readonly pinImages?: boolean;
  /** false: the whole graph is not verified; default: true */
  readonly verify?: boolean;
  /** warnings are errors */
  readonly strict?: boolean;
  /** how many mistakes a failure has; default: 100 */
  readonly mostTold?: number;
  /** look also at what else only comes up when a task is to run, in every task */
  readonly thorough?: boolean;
}

export interface Compilation {
  readonly graphConfig: GraphConfig;
  /** of the phase asked for; keys are labels, from `optimized` on task ids */
  readonly graph: ReadonlyMap<string, GraphTask>;
  readonly full: ReadonlyMap<string, GraphTask>;
  /** sorted labels */
  readonly targets: readonly string[];
  /** from `optimized` on: label to the task that stands for it */
  readonly labelToTaskId: ReadonlyMap<string, string>;
  /** from `optimized` on: labels that an index or `existing_tasks` already holds, and their tasks */
  readonly replaced: ReadonlyMap<string, string>;
  /** from `optimized` on: target-graph labels that were optimized away */
  readonly removed: readonly string[];
  /** what images are built from, by the image's name */
  readonly imageContexts: ReadonlyMap<string, ContextRequest>;
  readonly warnings: readonly Diagnostic[];
  /** what the repository's plugins register, and what is built in */
  readonly registry: Registry;
}

/**
 * Compiles a `taskcluster/` folder as far as the phase asked for. Throws a FailureError: `configuration` with all that is
 * wrong in the files, each at its place; `usage` for targets and kinds that there are not; what the index throws.
 */
export async function compile(request: CompileRequest, phase: Phase): Promise<Compilation> {
  const { parameters } = request;
  const mistakes = new Mistakes(request);
  checkParameters(parameters, mistakes);
  const configuration = readConfiguration({ ...request, targetKinds: targetKinds(parameters) }, mistakes);

  const folder = resolve(request.repository, request.root);
  const imagePins = request.pinImages === false ? new Map() : readImageLock(folder, request.root, mistakes);
  const registry = await loadPlugins(configuration, request, mistakes);
  mistakes.check();
  checkParameters(parameters, mistakes, registry.parameters);

  const full = await generate(configuration, { ...request, registry, imagePins }, mistakes);
  const report = (mistake: GraphMistake): void => {
    // Looking up where thousands of notes belong takes longer than the compilation.
    if (mistake.severity !== 'note' || request.thorough) reportOnGraph(full, mistakes, mistake);
  };
  const verifications = request.verify === false ? [] : registry.verifications;
  const verify = (after: Phase, tasks: ReadonlyMap<string, GraphTask>): void => {
    for (const own of verifications) if (own.phase === after) own.verify(tasks, report);
    mistakes.check();
  };
  if (request.verify !== false)
    verifyFull(full.tasks, { graphConfig: configuration.config, parameters, report });
  verify('full', full.tasks);

  const named = request.targets === undefined ? null : namedTargets(full.tasks, request.targets);
  const targets = named ?? selectTargets(full.tasks, parameters, registry, report);
  mistakes.check();
  // Who names tasks wants these: not what is wanted in any case, but not less either.
  const requested = new Set([...targets, ...(named === null ? alwaysTargets(full.tasks, parameters) : [])]);
  const wanted = targetGraph(full.tasks, requested);

  const finish = (result: Pick<Compilation, 'graph'> & Partial<Compilation>): Compilation => ({
    graphConfig: configuration.config,
    full: full.tasks,
    targets,
    labelToTaskId: new Map(),
    replaced: new Map(),
    removed: [],
    imageContexts: full.imageContexts,
    warnings: mistakes.warnings,
    registry,
    ...result,
  });
  if (request.thorough) {
    await checkThoroughly(full.tasks, { ...request, registry }, report);
    mistakes.check();
  }
  if (phase === 'full') return finish({ graph: full.tasks });
  verify('target', pick(full.tasks, targets));
  if (phase === 'target') return finish({ graph: pick(full.tasks, targets) });
  verify('target-graph', wanted);
  if (phase === 'target-graph') return finish({ graph: wanted });

  const { removed, replaced } = await optimize({
    tasks: wanted,
    requested,
    doNotOptimize: new Set([
      ...parameters.do_not_optimize,
      ...(parameters.optimize_target_tasks ? [] : targets),
    ]),
    doNotRemove: new Set(named),
    strategies: registry.strategies,
    parameters,
    index: request.index,
    now: systemClock.now(),
    report,
  });
  const decisionTaskId = request.decisionReference ?? request.decisionTaskId ?? 'DECISION-TASK';
  const optimized = assignTaskIds({
    tasks: wanted,
    removed,
    replaced,
    decisionTaskId,
    rootUrl: request.rootUrl,
    report,
  });
  if (request.verify !== false) verifyOptimized(optimized.tasks, { report });
  verify('optimized', optimized.tasks);
  const outcome = { replaced, removed: [...removed].sort(compareCodePoints) };
  if (phase === 'optimized')
    return finish({ ...outcome, graph: optimized.tasks, labelToTaskId: optimized.labelToTaskId });

  const { morphs } = registry;
  const morphed = morph(optimized, { graphConfig: configuration.config, parameters, morphs, report });
  verify('morphed', morphed.tasks);
  return finish({ ...outcome, graph: morphed.tasks, labelToTaskId: morphed.labelToTaskId });
}

async function generate(
  configuration: Configuration,
  { registry, ...request }: CompileRequest & { readonly registry: Registry; readonly imagePins: ImagePins },
  mistakes: Mistakes,
): Promise<FullTaskSet> {
  const decisionTaskId = request.decisionTaskId ?? null;
  const full = await generateTasks(configuration, { ...request, decisionTaskId }, registry, mistakes);
  mistakes.check();
  checkDependencies(full, mistakes);
  mistakes.check();
  return full;
}

/** What later phases find in the tasks that they meet: strategies and references, here of every task. */
async function checkThoroughly(
  tasks: FullTaskSet['tasks'],
  { rootUrl, parameters, registry }: CompileRequest & { readonly registry: Registry },
  report: (mistake: GraphMistake) => void,
): Promise<void> {
  const none = new Set<string>();
  const all = { tasks, requested: new Set(tasks.keys()), doNotOptimize: none, doNotRemove: none };
  const { strategies } = registry;
  await optimize({ ...all, strategies, parameters, index: null, now: systemClock.now(), report });
  const kept = { tasks, removed: none, replaced: new Map<string, string>() };
  assignTaskIds({ ...kept, decisionTaskId: 'DECISION-TASK', rootUrl, report });
}

/** `-k` on the command line: only these kinds and what they need. */
function targetKinds(parameters: Parameters): readonly string[] {
  const kinds = parameters['target-kinds'];
  return Array.isArray(kinds) ? (kinds as string[]) : [];
}

function pick(tasks: ReadonlyMap<string, GraphTask>, labels: readonly string[]): Map<string, GraphTask> {
  return new Map(labels.map((label) => [label, tasks.get(label)!]));
}

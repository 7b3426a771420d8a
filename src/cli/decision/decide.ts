import { join } from 'node:path';
import type { ActionQueue } from '../../graph/actions/action-queue.ts';
import { renderActions } from '../../graph/actions/render-actions.ts';
import { type Compilation, compile } from '../../graph/compile.ts';
import { formatJson } from '../../graph/output/format.ts';
import { writeYaml } from '../../graph/output/yaml.ts';
import type { Parameters } from '../../graph/parameters/parameters.ts';
import { projectParameters } from '../../graph/project.ts';
import { submitTasks } from '../../graph/submit.ts';
import { environmentIndex } from '../../queue/taskcluster/index-reader.ts';
import { tellWarnings } from '../compilation.ts';
import { locateRepository, type Repository } from '../repository.ts';
import { runTaskBundle } from '../run-task-bundle.ts';
import { ArtifactFolder } from './artifact-folder.ts';
import { writeDockerContexts } from './docker-contexts.ts';
import type { DecisionFlags } from './flags.ts';
import { openHistory } from './open-history.ts';
import { findOverride } from './override.ts';
import { decisionParameters } from './parameters.ts';
import { runnableJobs } from './runnable-jobs.ts';
import { digestOfTaskclusterYml } from './taskcluster-yml.ts';

export interface DecisionRequest {
  readonly flags: DecisionFlags;
  readonly decisionTaskId: string;
  /** where the repository is checked out, and where `artifacts/` and `docker-contexts/` are written */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly queue: Pick<ActionQueue, 'createTask'>;
  readonly tell: (message: string) => void;
}

/** What a decision task does: works out the parameters, compiles, writes all artifacts, creates the tasks. */
export async function decide(request: DecisionRequest): Promise<void> {
  const { flags, folder, tell } = request;
  const history = openHistory(folder);
  const repository = locateRepository(flags.root, folder);
  const computed = await projectParameters({
    root: repository.root,
    repository: repository.top,
    parameters: decisionParameters(flags, history),
  });
  const override = findOverride(flags, history, computed);
  if (override !== null)
    tell(`parameters overridden from ${override.source}: ${Object.keys(override.parameters).join(', ')}`);
  const parameters: Parameters = { ...computed, ...override?.parameters };

  await carryOut({ ...request, repository, parameters, verify: flags.verify });
}

export interface Decision extends Omit<DecisionRequest, 'flags'> {
  readonly repository: Repository;
  readonly parameters: Parameters;
  /** whether the whole graph is checked */
  readonly verify: boolean;
}

/** Compiles, writes all artifacts, creates the tasks. */
export async function carryOut(decision: Decision): Promise<void> {
  const { repository, parameters, folder, decisionTaskId, queue, tell } = decision;
  const artifacts = new ArtifactFolder(join(folder, 'artifacts'));
  artifacts.writeText('parameters.yml', writeYaml(parameters));
  const compilation = await compileDecision(decision);
  tellWarnings(compilation);
  const taskclusterYml = digestOfTaskclusterYml(repository.top);
  artifacts.writeJson(
    'actions.json',
    renderActions({
      actions: compilation.registry.actions,
      parameters,
      graphConfig: compilation.graphConfig,
      decisionTaskId,
      taskclusterYml,
    }),
  );
  writeGraphs(artifacts, compilation);
  const bundle = runTaskBundle();
  artifacts.copyProgram('run-task', bundle.path);
  artifacts.copyProgram('fetch-content', bundle.fetchContent.path);
  writeDockerContexts(repository.top, compilation.imageContexts, bundle, join(folder, 'docker-contexts'));

  const { graph, graphConfig } = compilation;
  const schedulerId = `${graphConfig['trust-domain']}-level-${parameters.level}`;
  await submitTasks({ graph, decisionTaskId, schedulerId, queue });
  tell(
    `${graph.size} tasks created, ${compilation.replaced.size} replaced, ${compilation.removed.length} removed`,
  );
}

function compileDecision(decision: Decision): Promise<Compilation> {
  const { repository, parameters, decisionTaskId, environment, verify } = decision;
  return compile(
    {
      root: repository.root,
      repository: repository.top,
      parameters,
      wrapper: runTaskBundle().digests,
      rootUrl: environment.TASKCLUSTER_ROOT_URL ?? null,
      index: environmentIndex(environment),
      decisionTaskId,
      writeArtifacts: true,
      verify,
    },
    'morphed',
  );
}

/** The graphs as taskgraph writes them; other programs and later actions read them. */
function writeGraphs(artifacts: ArtifactFolder, compilation: Compilation): void {
  const { full, targets, graph, labelToTaskId, replaced, removed } = compilation;
  artifacts.writeText('full-task-graph.json', formatJson(full));
  artifacts.writeJson('runnable-jobs.json', runnableJobs(full));
  artifacts.writeJson('target-tasks.json', targets);
  artifacts.writeText('task-graph.json', formatJson(graph));
  artifacts.writeJson('label-to-taskid.json', Object.fromEntries(labelToTaskId));
  const optimizations = [
    ...removed.map((label) => `${label} removed`),
    ...[...replaced].map(([label, taskId]) => `${label} replaced by ${taskId}`),
  ];
  artifacts.writeText('optimizations.log', optimizations.map((line) => `optimize: ${line}\n`).join(''));
}

import { join } from 'node:path';
import { slugid } from '../../base/slugid.ts';
import { actionServices, type CreatedTasks } from '../../graph/actions/action-services.ts';
import { checkActionScope } from '../../graph/actions/action-scope.ts';
import { findAction, runAction } from '../../graph/actions/run-action.ts';
import { formatJson } from '../../graph/output/format.ts';
import type { Parameters } from '../../graph/parameters/parameters.ts';
import { openProject } from '../../graph/project.ts';
import { environmentIndex } from '../../queue/taskcluster/index-reader.ts';
import type { Repository } from '../repository.ts';
import { carryOut } from './decide.ts';
import { ArtifactFolder } from './artifact-folder.ts';
import { deploymentService } from './deployment.ts';
import { dryRun } from './dry-run.ts';
import { artifactReader } from './read-artifact.ts';

export interface ActionRequest {
  readonly repository: Repository;
  readonly parameters: Parameters;
  readonly callbackName: string;
  readonly taskGroupId: string;
  readonly taskId: string | null;
  readonly input: unknown;
  /** where `artifacts/` is written */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** nothing is changed, only printed or told */
  readonly isTest: boolean;
}

/** Runs an action's callback, in an action task or, to try it, anywhere. */
export async function callAction(request: ActionRequest): Promise<void> {
  const { repository, parameters, taskGroupId, taskId, input, folder, environment, isTest } = request;
  const project = { root: repository.root, repository: repository.top, parameters };
  const { graphConfig, registry } = await openProject(project);
  const action = findAction(registry.actions, request.callbackName);
  const service = deploymentService(environment);
  if (!isTest) checkActionScope(action, parameters, await service.currentScopes());

  const tell = (message: string): void => void process.stderr.write(`caisson: ${message}\n`);
  const queue = isTest ? dryRun(service, (text) => process.stdout.write(text), tell) : service;
  const services = actionServices({
    queue,
    readArtifact: artifactReader(service),
    parameters,
    graphConfig,
    registry,
    taskGroupId,
    index: environmentIndex(environment),
    rootUrl: environment.TASKCLUSTER_ROOT_URL ?? null,
    ownTaskId: environment.TASK_ID ?? null,
    async decide(changed) {
      const decisionTaskId = environment.TASK_ID ?? slugid();
      const place = { repository, folder, environment, decisionTaskId };
      await carryOut({ ...place, parameters: changed, verify: true, queue, tell });
    },
    record: recorder(folder),
    tell,
  });
  await runAction(action, { parameters, graphConfig, input, taskGroupId, taskId, services });
}

/** The artifacts by which later actions, and whoever verifies a chain of trust, find what was created. */
function recorder(folder: string): (created: CreatedTasks) => void {
  return ({ graph, labelToTaskId, toRun }) => {
    const artifacts = new ArtifactFolder(join(folder, 'artifacts'));
    artifacts.writeText('task-graph.json', formatJson(graph));
    artifacts.writeJson('label-to-taskid.json', Object.fromEntries(labelToTaskId));
    artifacts.writeJson('to-run.json', toRun);
  };
}

import { fail, FailureError } from '../../base/failure.ts';
import { QueueError } from '../../queue/queue.ts';
import { environmentDeployment } from '../../queue/taskcluster/deployment.ts';
import { type DeploymentService, taskService } from '../../queue/taskcluster/task-service.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The deployment that the environment names. Fails with `unavailable` when it names none. */
export function deploymentService(environment: Environment): DeploymentService {
  const deployment = environmentDeployment(environment);
  if (deployment !== null) return taskService(deployment);
  return fail(
    'unavailable',
    'no Taskcluster deployment is named',
    'set TASKCLUSTER_PROXY_URL (a task has it with the feature taskclusterProxy) or TASKCLUSTER_ROOT_URL',
  );
}

/** What a service refuses is a failure of the command, not a bug. */
export async function refusalsAsFailures<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    throw new FailureError({ kind: 'unavailable', message: error.message }, { cause: error });
  }
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fail } from '../base/failure.ts';
import { isSlugid } from '../base/slugid.ts';
import { readConfig } from '../graph/load/config-file.ts';
import { Mistakes } from '../graph/mistakes.ts';
import type { Parameters } from '../graph/parameters/parameters.ts';
import { parameterFormat, parseParameters, readParameters } from '../graph/parameters/file.ts';
import { parametersFromRepository } from '../graph/parameters/repository.ts';
import { QueueError, type TaskService } from '../queue/queue.ts';
import { environmentDeployment } from '../queue/taskcluster/deployment.ts';
import { taskService } from '../queue/taskcluster/task-service.ts';
import { fetchText } from './fetch-text.ts';
import { isAddress, parseSpec } from './parameter-sets.ts';
import type { Repository } from './repository.ts';

/** The given parameters; what they leave out is as in the repository, and without a spec all of it. */
export async function loadParameters(
  repository: Repository,
  spec: string | null,
  overrides: Partial<Parameters> = {},
): Promise<Parameters> {
  return {
    ...parametersFromRepository(repository.top),
    ...(await givenParameters(repository, spec)),
    ...overrides,
  };
}

/**
 * What a file, an http(s) address, a decision task (`task-id=`) or the latest one that an index namespace (`index=`) or a
 * project's route (`project=`) holds says; nothing without a spec. Fails with `unavailable` when something has to be
 * fetched and cannot be.
 */
export async function givenParameters(
  repository: Repository,
  spec: string | null,
): Promise<Partial<Parameters>> {
  if (spec === null) return {};
  if (existsSync(spec)) return readParameters(spec, false);
  if (isAddress(spec)) return fetchAddress(spec);
  return parseSpec(spec) === null ? readParameters(spec, false) : fetchFromTask(repository, spec);
}

async function fetchFromTask(repository: Repository, spec: string): Promise<Partial<Parameters>> {
  const deployment = environmentDeployment(process.env);
  if (deployment === null) {
    const hint = 'set TASKCLUSTER_ROOT_URL to the address of the deployment';
    return fail('unavailable', `${spec}: it is not known which Taskcluster deployment to ask`, hint);
  }
  const service = taskService({ ...deployment, attempts: 3 });
  try {
    const taskId = await decisionTask(repository, service, spec);
    const url = await service.artifactUrl(taskId, 'public/parameters.yml');
    const { text } = await fetchText(url, `the parameters of task ${taskId}`);
    return parseParameters(text, `${spec}/parameters.yml`, 'yaml', false);
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    const hint = 'only decision tasks and actions have parameters, and artifacts expire';
    const message = `the parameters of ${spec} could not be fetched: ${error.message}`;
    return fail('unavailable', message, error.code === 'not-found' ? hint : undefined);
  }
}

async function decisionTask(repository: Repository, service: TaskService, spec: string): Promise<string> {
  const { by, value } = parseSpec(spec)!;
  if (value === '') return fail('usage', `${spec}: what follows the = is missing`);
  if (by === 'task-id') {
    return isSlugid(value) ? value : fail('usage', `${spec}: that is not the id of a task`);
  }
  const namespace =
    by === 'index' ? value : `${trustDomain(repository)}.v2.${value}.latest.taskgraph.decision`;
  const found = await service.findTask(namespace);
  return found?.taskId ?? fail('unavailable', `${spec}: the index has no task at ${namespace}`);
}

function trustDomain({ top, root }: Repository): string {
  const mistakes = new Mistakes({ strict: false });
  const config = readConfig(resolve(top, root), root, mistakes);
  mistakes.check();
  return config!.config['trust-domain'];
}

async function fetchAddress(spec: string): Promise<Partial<Parameters>> {
  if (!URL.canParse(spec)) return fail('usage', `${spec} is not a valid address`);
  const { text, contentType } = await fetchText(spec, 'parameters');
  const format = parameterFormat(new URL(spec).pathname) ?? formatOfType(contentType);
  if (format === null) {
    const type = contentType === '' ? 'of no known type' : contentType;
    const hint = 'the address has to end in .yml or .json';
    return fail('usage', `the parameters at ${spec} are neither YAML nor JSON: ${type}`, hint);
  }
  return parseParameters(text, spec, format, false);
}

function formatOfType(contentType: string): 'yaml' | 'json' | null {
  if (/yaml/.test(contentType)) return 'yaml';
  return /json/.test(contentType) ? 'json' : null;
}

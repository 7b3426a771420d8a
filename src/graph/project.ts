import { resolve } from 'node:path';
import type { GraphConfig } from './graph-config.ts';
import { type ConfigFile, readConfig } from './load/config-file.ts';
import { Mistakes } from './mistakes.ts';
import { checkParameters } from './parameters/check.ts';
import type { Parameters } from './parameters/parameters.ts';
import { decideParameters, loadPlugins, type LoadRequest } from './plugins/load.ts';
import type { Registry } from './plugins/registry.ts';

/** A repository's configuration without its kinds, for those who compile nothing. */
export interface Project {
  readonly graphConfig: GraphConfig;
  /** what is built in and what the repository's code registers */
  readonly registry: Registry;
}

/** Fails with `configuration` and all that is wrong. */
export async function openProject(request: LoadRequest): Promise<Project> {
  const mistakes = new Mistakes({ strict: false });
  const file = configOf(request, mistakes);
  const registry = await loadPlugins({ ...file, kinds: [] }, request, mistakes);
  checkParameters(request.parameters, mistakes, registry.parameters);
  return { graphConfig: file.config, registry };
}

/**
 * The parameters of a decision task as the repository's own code, `taskgraph.decision-parameters`, wants them. Fails with
 * `configuration` and all that is wrong.
 */
export async function projectParameters(request: LoadRequest): Promise<Parameters> {
  const mistakes = new Mistakes({ strict: false });
  const parameters = await decideParameters(configOf(request, mistakes), request, mistakes);
  mistakes.check();
  return parameters;
}

function configOf({ repository, root }: LoadRequest, mistakes: Mistakes): ConfigFile {
  const file = readConfig(resolve(repository, root), root, mistakes);
  mistakes.check();
  if (file === null) throw new Error('a config.yml that is wrong was not told to be');
  return file;
}

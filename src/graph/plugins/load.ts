import { resolve } from 'node:path';
import type { Place } from '../../base/diagnostic.ts';
import { transformName } from '../kind-pipeline.ts';
import type { ConfigFile } from '../load/config-file.ts';
import type { Configuration } from '../load/configuration.ts';
import type { Mistakes } from '../mistakes.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { DraftError } from '../transforms/draft-step.ts';
import type * as api from './api.ts';
import { openRegistry } from './built-in.ts';
import { pluginError } from './call.ts';
import { shown } from './config.ts';
import { handIn, takeBackMapping } from './hand-over.ts';
import { type PluginExport, PluginModules } from './modules.ts';
import { Refused } from './refused.ts';
import { callRegister } from './registering.ts';
import type { Registry } from './registry.ts';
import type { Use } from './skeleton.ts';
import { placeInStack } from './source-place.ts';
import { putTogether } from './strategy-plugins.ts';
import { asLoader, asTransform } from './transform-step.ts';

export interface LoadRequest {
  /** the folder of config.yml, as the user typed it */
  readonly root: string;
  /** the repository's top, an absolute path */
  readonly repository: string;
  readonly parameters: Parameters;
}

/**
 * Loads all that the configuration names and that is not built in, and gives it with what is. The code that it runs is
 * the repository's own. What is wrong is added to `mistakes`, at the place where the configuration names it.
 */
export async function loadPlugins(
  configuration: Configuration,
  request: LoadRequest,
  mistakes: Mistakes,
): Promise<Registry> {
  const registry = openRegistry();
  const loading = new Loading(request, mistakes);
  try {
    await register(configuration, request, { registry, loading }, mistakes);
    for (const { file, loader, transforms } of configuration.kinds) {
      if (!isBuiltIn(loader) && !registry.loaders.has(loader)) {
        const plugin = await loading.load(loader, 'loader', file.placeOf(['loader']));
        await loading.make(plugin, (one) => void registry.loaders.set(loader, asLoader(one)));
      }
      for (const [index, path] of transforms.entries()) {
        const name = transformName(path);
        if (isBuiltIn(name) || registry.transforms.has(name)) continue;
        const plugin = await loading.load(path, 'transforms', file.placeOf(['transforms', index]));
        await loading.make(plugin, (one) => void registry.transforms.set(name, asTransform(one)));
      }
    }
    await overrideStrategies(request, { registry, loading });
  } finally {
    loading.end();
  }
  return registry;
}

/**
 * The parameters of a decision task as `taskgraph.decision-parameters` of config.yml makes them of those it is given:
 * the same ones when there is no such key.
 */
export async function decideParameters(
  { config, file }: ConfigFile,
  request: LoadRequest,
  mistakes: Mistakes,
): Promise<Parameters> {
  const path = config.taskgraph['decision-parameters'];
  if (typeof path !== 'string' || path === '') return request.parameters;
  const loading = new Loading(request, mistakes);
  let { parameters } = request;
  try {
    const named = file.placeOf(['taskgraph', 'decision-parameters']);
    const plugin = await loading.load(path, 'decision-parameters', named);
    await loading.make(plugin, async (one) => {
      if (typeof one.value !== 'function')
        throw new Refused(`"${one.name}" must be a function (graphConfig, params)`);
      const change = one.value as api.DecisionParameters;
      const given = handIn(request.parameters) as unknown as api.Parameters;
      parameters = takeBackMapping(await change(shown(config) as api.GraphConfig, given)) as Parameters;
    });
  } finally {
    loading.end();
  }
  return parameters;
}

interface Work {
  readonly registry: ReturnType<typeof openRegistry>;
  readonly loading: Loading;
}

async function register(
  { config, file }: Configuration,
  { parameters: params, ...request }: LoadRequest,
  { registry, loading }: Work,
  mistakes: Mistakes,
): Promise<void> {
  const path = config.taskgraph['register'];
  if (typeof path !== 'string' || path === '') return;
  const plugin = await loading.load(path, 'register', file.placeOf(['taskgraph', 'register']));
  await loading.make(plugin, (one) =>
    callRegister(one, registry, { ...request, params, graphConfig: config }),
  );
  for (const shape of registry.config) {
    shape(config, [], ({ message, path: at, hint }) =>
      mistakes.add({
        severity: 'error',
        message,
        place: file.placeOf(at),
        ...(hint === undefined ? {} : { hint }),
      }),
    );
  }
}

/** The parameter `optimize_strategies` names strategies that stand in the place of others. */
async function overrideStrategies({ parameters }: LoadRequest, { registry, loading }: Work): Promise<void> {
  const path = parameters.optimize_strategies;
  if (path === null || path === '') return;
  const plugin = await loading.load(path, 'strategies', undefined);
  await loading.make(plugin, (one) => {
    if (typeof one.value !== 'object' || one.value === null)
      throw new Refused(`"${one.name}" must be a mapping of names to strategies`);
    const given = new Map(Object.entries(one.value as Record<string, api.Strategies>));
    for (const [name, strategy] of putTogether(one, given, registry.strategies))
      registry.strategies.set(name, strategy);
  });
}

/** Names of taskgraph's own modules; one that is not known is told where it is used. */
function isBuiltIn(path: string): boolean {
  return path.startsWith('taskgraph.');
}

/** Loads plugins, and tells what is wrong with them. */
class Loading {
  private readonly modules: PluginModules;
  private readonly mistakes: Mistakes;

  constructor({ root, repository }: LoadRequest, mistakes: Mistakes) {
    this.modules = new PluginModules({ root, repository, folder: resolve(repository, root) });
    this.mistakes = mistakes;
  }

  /** `named`: the place that names the plugin; undefined when it is a parameter. */
  async load(path: string, use: Use, named: Place | undefined): Promise<PluginExport | null> {
    const loaded = await this.modules.load(path, use);
    if (loaded.ok) return loaded.value;
    const { message, place = named, hint } = loaded.error;
    const isElsewhere = place !== named && named !== undefined;
    this.mistakes.add({
      severity: 'error',
      message,
      ...(place === undefined ? { about: 'parameters' } : { place }),
      ...(isElsewhere ? { related: [{ message: 'it is named here', place: named }] } : {}),
      ...(hint === undefined ? {} : { hint }),
    });
    return null;
  }

  /** Does what is to be done with a plugin, if there is one. */
  async make(
    plugin: PluginExport | null,
    work: (plugin: PluginExport) => void | Promise<void>,
  ): Promise<void> {
    if (plugin === null) return;
    try {
      await work(plugin);
    } catch (error) {
      const { message, hint, place } =
        error instanceof Refused
          ? new DraftError(error.message, [], error.hint, placeInStack(plugin.file, error) ?? undefined)
          : pluginError(plugin, error);
      this.mistakes.add({
        severity: 'error',
        message,
        place: place ?? plugin.place,
        ...(hint === undefined ? {} : { hint }),
      });
    }
  }

  end(): void {
    this.modules.forget();
  }
}

import { resolve } from 'node:path';
import type { Configuration } from '../load/configuration.ts';
import type { DataPath } from '../load/source-map.ts';
import type { YamlFile } from '../load/yaml-file.ts';
import { transformName } from '../kind-pipeline.ts';
import type { Mistakes } from '../mistakes.ts';
import { openRegistry } from './built-in.ts';
import { type PluginExport, PluginModules } from './modules.ts';
import type { Registry } from './registry.ts';
import type { Use } from './skeleton.ts';
import { asLoader, asTransform } from './transform-step.ts';

export interface LoadRequest {
  /** the folder of config.yml, as the user typed it */
  readonly root: string;
  /** the repository's top, an absolute path */
  readonly repository: string;
}

/**
 * Loads all that the configuration names and that is not built in. The code that it runs is the repository's own. What is
 * wrong is added to `mistakes`, at the place where the configuration names it.
 */
export async function loadPlugins(
  configuration: Configuration,
  request: LoadRequest,
  mistakes: Mistakes,
): Promise<Registry> {
  const registry = openRegistry();
  const { root, repository } = request;
  const modules = new PluginModules({ root, repository, folder: resolve(repository, root) });
  const load = async (path: string, use: Use, file: YamlFile, at: DataPath): Promise<PluginExport | null> => {
    const loaded = await modules.load(path, use);
    if (loaded.ok) return loaded.value;
    const { message, place, hint } = loaded.error;
    const named = file.placeOf(at);
    mistakes.add({
      severity: 'error',
      message,
      place: place ?? named,
      ...(place === undefined ? {} : { related: [{ message: 'it is named here', place: named }] }),
      ...(hint === undefined ? {} : { hint }),
    });
    return null;
  };
  try {
    for (const { file, loader, transforms } of configuration.kinds) {
      if (!isBuiltIn(loader) && !registry.loaders.has(loader)) {
        const plugin = await load(loader, 'loader', file, ['loader']);
        if (plugin !== null) add(registry.loaders, loader, asLoader(plugin), plugin, mistakes);
      }
      for (const [index, path] of transforms.entries()) {
        const name = transformName(path);
        if (isBuiltIn(name) || registry.transforms.has(name)) continue;
        const plugin = await load(path, 'transforms', file, ['transforms', index]);
        if (plugin !== null) add(registry.transforms, name, asTransform(plugin), plugin, mistakes);
      }
    }
  } finally {
    modules.forget();
  }
  return registry;
}

function add<T>(
  to: Map<string, T>,
  name: string,
  made: T | string,
  plugin: PluginExport,
  mistakes: Mistakes,
): void {
  if (typeof made !== 'string') to.set(name, made);
  else mistakes.add({ severity: 'error', message: made, place: plugin.place });
}

/** Names of taskgraph's own modules; one that is not known is told where it is used. */
function isBuiltIn(path: string): boolean {
  return path.startsWith('taskgraph.');
}

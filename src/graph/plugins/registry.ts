import type { GraphConfig } from '../graph-config.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Transform } from '../transforms/transform.ts';
import type { Action } from './action.ts';
import type { PluginStep } from './transform-step.ts';

/**
 * What can be named in the configuration or started by people, by name: the built-in ones, and those that the
 * repository's plugins add. One registry belongs to one compilation, or to one call of an action.
 */
export interface Registry {
  /** by the path that kind.yml has for them, without `:transforms` */
  readonly transforms: ReadonlyMap<string, Transform | PluginStep>;
  /** by path: the repository's own loaders, which work on the tasks that the built-in one gives */
  readonly loaders: ReadonlyMap<string, PluginStep>;
  /** by `callbackName` */
  readonly actions: ReadonlyMap<string, Action>;
  /** `taskgraph.decision-parameters` of config.yml: gives the parameters of a decision task as the plugin wants them */
  readonly decisionParameters:
    | ((graphConfig: GraphConfig, parameters: Parameters) => Promise<Parameters>)
    | null;
}

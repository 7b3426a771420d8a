import type { GraphConfig } from '../graph-config.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Action } from './action.ts';

/**
 * What can be named in the configuration or started by people, by name: the built-in ones, and those that the
 * repository's plugins add. One registry belongs to one compilation, or to one call of an action.
 */
export interface Registry {
  /** by `callbackName` */
  readonly actions: ReadonlyMap<string, Action>;
  /** `taskgraph.decision-parameters` of config.yml: gives the parameters of a decision task as the plugin wants them */
  readonly decisionParameters:
    | ((graphConfig: GraphConfig, parameters: Parameters) => Promise<Parameters>)
    | null;
}

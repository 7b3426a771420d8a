import type { GraphMistake } from '../check-graph.ts';
import type { Shape } from '../load/shape.ts';
import type { Strategy } from '../optimize/strategies.ts';
import type { PayloadBuilder } from '../payloads/payload.ts';
import type { TargetMethod } from '../targets.ts';
import type { GraphTask } from '../task-graph.ts';
import type { FetchBuilder } from '../transforms/fetch-builders.ts';
import type { RunUsing } from '../transforms/run/run-using.ts';
import type { Draft, Transform, TransformContext } from '../transforms/transform.ts';
import type { GroupBy, SetName } from '../values/dependencies.ts';
import type { Mapping } from '../values/plain.ts';
import type { Action } from './action.ts';
import type { GraphPhase } from './api.ts';
import type { PluginStep } from './transform-step.ts';

type Tasks = ReadonlyMap<string, GraphTask>;
type Report = (mistake: GraphMistake) => void;

/**
 * What can be named in the configuration or started by people, by name: the built-in ones, and those that the
 * repository's plugins add. One registry belongs to one compilation, or to one call of an action.
 */
export interface Registry {
  /** by the path that kind.yml has for them, without `:transforms` */
  readonly transforms: ReadonlyMap<string, Transform | PluginStep>;
  /** by path: the repository's own loaders, which work on the tasks that the built-in one gives */
  readonly loaders: ReadonlyMap<string, PluginStep>;
  /** by `run.using`: for different worker implementations */
  readonly runUsing: ReadonlyMap<string, readonly RunUsing[]>;
  /** by worker implementation */
  readonly payloadBuilders: ReadonlyMap<string, PayloadBuilder>;
  /** by `index.type`, beside `generic`: adds routes to a draft */
  readonly indexTypes: ReadonlyMap<string, (context: TransformContext, draft: Draft) => void>;
  readonly fetchTypes: ReadonlyMap<string, FetchBuilder>;
  readonly groupBy: ReadonlyMap<string, GroupBy>;
  readonly setName: ReadonlyMap<string, SetName>;
  /** by the names in `task-context.from-custom` */
  readonly taskContexts: ReadonlyMap<string, (context: TransformContext, draft: Draft) => Mapping>;
  readonly targetMethods: ReadonlyMap<string, TargetMethod>;
  /** by the names in the parameter `filters`, beside `target_tasks_method` */
  readonly filters: ReadonlyMap<string, TargetMethod>;
  readonly strategies: ReadonlyMap<string, Strategy>;
  /** beside the built-in ones */
  readonly verifications: readonly {
    readonly phase: GraphPhase;
    readonly verify: (tasks: Tasks, report: Report) => void;
  }[];
  /** after the built-in ones */
  readonly morphs: readonly ((tasks: readonly GraphTask[], report: Report) => readonly GraphTask[])[];
  /** of parameters, beside the built-in one */
  readonly parameters: readonly Shape[];
  /** of config.yml, beside the built-in one */
  readonly config: readonly Shape[];
  /** by `callbackName` */
  readonly actions: ReadonlyMap<string, Action>;
}

/** A registry that can still be added to. */
export type OpenRegistry = {
  -readonly [K in keyof Registry]: Registry[K] extends ReadonlyMap<infer Key, infer Value>
    ? Map<Key, Value>
    : Registry[K] extends readonly (infer Item)[]
      ? Item[]
      : Registry[K];
};

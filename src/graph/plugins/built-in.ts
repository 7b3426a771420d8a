import { builtInActions } from '../actions/built-in.ts';
import { strategies } from '../optimize/strategies.ts';
import { payloadBuilders } from '../payloads/builders.ts';
import { targetMethods } from '../targets.ts';
import { fetchBuilders } from '../transforms/fetch-builders.ts';
import { transforms } from '../transforms/registry.ts';
import { runUsing } from '../transforms/run/run.ts';
import { groupByFunctions, setNameFunctions } from '../values/dependencies.ts';
import type { OpenRegistry } from './registry.ts';

/** A registry with all that is built in, to which plugins can still add. */
export function openRegistry(): OpenRegistry {
  return {
    transforms: new Map(transforms),
    loaders: new Map(),
    runUsing: new Map([...runUsing].map(([name, one]) => [name, [one]])),
    payloadBuilders: new Map(payloadBuilders),
    indexTypes: new Map(),
    fetchTypes: new Map(fetchBuilders),
    groupBy: new Map(groupByFunctions),
    setName: new Map(setNameFunctions),
    taskContexts: new Map(),
    targetMethods: new Map(targetMethods),
    filters: new Map(),
    strategies: new Map(strategies),
    verifications: [],
    morphs: [],
    parameters: [],
    config: [],
    actions: new Map(builtInActions),
  };
}

import { keys, type Shape } from '../load/shape.ts';
import { isMapping } from '../values/plain.ts';
import { asAction } from './action-plugins.ts';
import type * as api from './api.ts';
import { shown } from './config.ts';
import { asMorph, asTargetMethod, asVerification, type GraphPlace } from './graph-plugins.ts';
import type { PluginExport } from './modules.ts';
import { Refused } from './refused.ts';
import type { OpenRegistry } from './registry.ts';
import { putTogether } from './strategy-plugins.ts';
import {
  asFetchBuilder,
  asGroupBy,
  asIndexBuilder,
  asPayloadBuilder,
  asRunUsing,
  asSetName,
  asTaskContext,
} from './task-plugins.ts';

const phases: readonly api.GraphPhase[] = ['full', 'target', 'target-graph', 'optimized', 'morphed'];

/**
 * Calls what `taskgraph.register` names. What it registers is in `registry` then. Throws {@link Refused} for what is not
 * right, and whatever the plugin throws.
 */
export async function callRegister(
  plugin: PluginExport,
  registry: OpenRegistry,
  place: GraphPlace,
): Promise<void> {
  if (typeof plugin.value !== 'function') throw new Refused(`"${plugin.name}" must be a function (registry)`);
  const strategies = new Map<string, api.Strategies>();
  const given = registryFor(plugin, registry, place, strategies);
  await (plugin.value as api.Register)(given);
  for (const [name, strategy] of putTogether(plugin, strategies, registry.strategies))
    registry.strategies.set(name, strategy);
}

function registryFor(
  plugin: PluginExport,
  registry: OpenRegistry,
  place: GraphPlace,
  strategies: Map<string, api.Strategies>,
): api.Registry {
  const as = (what: string, name?: string): PluginExport => ({
    ...plugin,
    name: name === undefined ? `a ${what}` : `${what} "${name}"`,
  });
  return {
    graphConfig: shown(place.graphConfig) as api.GraphConfig,
    runUsing(name, given) {
      needFunction(given, 'configure', 'run.using');
      const others = registry.runUsing.get(name) ?? [];
      const implementations = [...given.implementations];
      const taken = others.flatMap((other) => other.implementations);
      const twice = implementations.find((one) => taken.includes(one));
      if (twice !== undefined) throw new Refused(`run.using "${name}" is there already for ${twice}`);
      registry.runUsing.set(name, [...others, asRunUsing(as('run.using', name), given)]);
    },
    payloadBuilder(name, given) {
      needFunction(given, 'build', 'a payload builder');
      add(
        registry.payloadBuilders,
        'worker implementation',
        name,
        asPayloadBuilder(as('worker implementation', name), given),
      );
    },
    indexType(name, given) {
      if (name === 'generic') throw new Refused('index type "generic" is built in');
      add(registry.indexTypes, 'index type', name, asIndexBuilder(as('index type', name), callable(given)));
    },
    fetchType(name, given) {
      needFunction(given, 'build', 'a fetch type');
      add(registry.fetchTypes, 'fetch type', name, asFetchBuilder(as('fetch type', name), given));
    },
    groupBy: (name, given) =>
      add(registry.groupBy, 'group-by', name, asGroupBy(as('group-by', name), callable(given))),
    setName: (name, given) =>
      add(registry.setName, 'set-name', name, asSetName(as('set-name', name), callable(given))),
    taskContext: (name, given) =>
      add(
        registry.taskContexts,
        'task-context',
        name,
        asTaskContext(as('task-context', name), callable(given)),
      ),
    targetMethod: (name, given) =>
      add(
        registry.targetMethods,
        'target method',
        name,
        asTargetMethod(as('target method', name), place, callable(given)),
      ),
    filter(name, given) {
      if (name === 'target_tasks_method') throw new Refused(`filter "${name}" is built in`);
      add(registry.filters, 'filter', name, asTargetMethod(as('filter', name), place, callable(given)));
    },
    strategy(name, given) {
      if (registry.strategies.has(name)) throw new Refused(`strategy "${name}" is there already`);
      add(strategies, 'strategy', name, given);
    },
    verification(phase, given) {
      if (!phases.includes(phase))
        throw new Refused(`there is no phase "${phase}"`, `known: ${phases.join(', ')}`);
      registry.verifications.push({
        phase,
        verify: asVerification(as('verification', phase), place, callable(given)),
      });
    },
    morph: (given) => void registry.morphs.push(asMorph(as('morph'), place, callable(given))),
    parameters: (given) => void registry.parameters.push(openKeys(given)),
    config: (given) => void registry.config.push(openKeys(given)),
    action(given) {
      const action = asAction(as('action', given.name), given);
      add(registry.actions, 'action', action.callbackName, action);
    },
  };
}

/** Some of the keys of a mapping that has others too. */
function openKeys({ required = {}, optional = {} }: api.Keys): Shape {
  return keys({ required, optional, unknown: 'allowed' });
}

function add<T>(to: Map<string, T>, what: string, name: string, value: T): void {
  if (typeof name !== 'string' || name === '') throw new Refused(`a ${what} needs a name`);
  if (to.has(name)) throw new Refused(`${what} "${name}" is there already`);
  to.set(name, value);
}

function callable<T>(given: T): T {
  if (typeof given === 'function') return given;
  throw new Refused('what is registered here must be a function');
}

function needFunction(given: unknown, key: string, what: string): void {
  if (isMapping(given) && typeof given[key] === 'function') return;
  throw new Refused(`${what} needs the function "${key}"`);
}

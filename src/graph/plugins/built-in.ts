import { transforms } from '../transforms/registry.ts';
import type { Transform } from '../transforms/transform.ts';
import type { Action } from './action.ts';
import type { Registry } from './registry.ts';
import type { PluginStep } from './transform-step.ts';

/** A registry with all that is built in, to which plugins can still add. */
export function openRegistry() {
  return {
    transforms: new Map<string, Transform | PluginStep>(transforms),
    loaders: new Map<string, PluginStep>(),
    actions: new Map<string, Action>(),
    decisionParameters: null as Registry['decisionParameters'],
  };
}

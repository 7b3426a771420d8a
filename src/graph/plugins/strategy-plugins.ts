import { didYouMean } from '../../base/suggest.ts';
import { findInIndex, type Strategy } from '../optimize/strategies.ts';
import { isMapping } from '../values/plain.ts';
import type * as api from './api.ts';
import { callPlugin } from './call.ts';
import { shown } from './config.ts';
import { viewOf } from './graph-view.ts';
import { frozenCopy } from './hand-over.ts';
import type { PluginExport } from './modules.ts';
import { Refused } from './refused.ts';

/**
 * Strategies that plugins have given, by name, put together of each other and of the `known` ones. Throws
 * {@link Refused} for names that there are not, and strategies that are parts of themselves.
 */
export function putTogether(
  plugin: PluginExport,
  given: ReadonlyMap<string, api.Strategies>,
  known: ReadonlyMap<string, Strategy>,
): Map<string, Strategy> {
  const made = new Map<string, Strategy>();
  const making = new Set<string>();
  const named = (name: string): Strategy => {
    const ready = made.get(name);
    if (ready !== undefined) return ready;
    const definition = given.get(name);
    if (definition === undefined || making.has(name)) {
      // A name that a plugin gives anew stands, in its own definition, for what it was before.
      const builtIn = known.get(name);
      if (builtIn !== undefined) return builtIn;
      if (making.has(name)) throw new Refused(`the strategy "${name}" is a part of itself`);
      throw new Refused(
        `there is no optimization strategy "${name}"`,
        didYouMean(name, [...given.keys(), ...known.keys()]),
      );
    }
    making.add(name);
    const strategy = build(definition);
    making.delete(name);
    made.set(name, strategy);
    return strategy;
  };
  const build = (definition: api.Strategies): Strategy => {
    if (typeof definition === 'string') return named(definition);
    if (!isMapping(definition)) throw new Refused('a strategy is a name or a mapping');
    if ('any' in definition) return anyOf(definition.any.map(build), splitOf(plugin, definition.split));
    if ('all' in definition) return allOf(definition.all.map(build), splitOf(plugin, definition.split));
    if ('not' in definition) return notOf(build(definition.not));
    return ownStrategy(plugin, definition);
  };
  for (const name of given.keys()) named(name);
  return made;
}

/** What of the argument each part gets. */
type Split = (argument: unknown, parts: number) => readonly unknown[];

function splitOf(
  plugin: PluginExport,
  split: ((argument: api.Json) => readonly api.Json[]) | undefined,
): Split {
  if (split === undefined) return (argument, parts) => Array.from({ length: parts }, () => argument);
  return (argument) => callPlugin(plugin, () => split(frozenCopy(argument) as api.Json));
}

function anyOf(parts: readonly Strategy[], split: Split): Strategy {
  return {
    removes: (argument, ...rest) => {
      const shares = split(argument, parts.length);
      return parts.some((part, index) => part.removes?.(shares[index], ...rest) === true);
    },
    replacement: (argument, ...rest) => {
      const shares = split(argument, parts.length);
      for (const [index, part] of parts.entries()) {
        const taskId = part.replacement?.(shares[index], ...rest) ?? null;
        if (taskId !== null) return taskId;
      }
      return null;
    },
    indexes: (argument, task) => indexesOf(parts, split(argument, parts.length), task),
  };
}

function allOf(parts: readonly Strategy[], split: Split): Strategy {
  return {
    removes: (argument, ...rest) => {
      const shares = split(argument, parts.length);
      return parts.every((part, index) => part.removes?.(shares[index], ...rest) === true);
    },
    replacement: (argument, ...rest) => {
      const shares = split(argument, parts.length);
      const taskIds = parts.map((part, index) => part.replacement?.(shares[index], ...rest) ?? null);
      return taskIds.every((taskId) => taskId !== null) ? (taskIds[0] ?? null) : null;
    },
    indexes: (argument, task) => indexesOf(parts, split(argument, parts.length), task),
  };
}

/** Removes what the other would not; replaces nothing. */
function notOf(part: Strategy): Strategy {
  return { removes: (...given) => part.removes?.(...given) !== true };
}

function indexesOf(
  parts: readonly Strategy[],
  shares: readonly unknown[],
  task: Parameters<NonNullable<Strategy['indexes']>>[1],
): string[] {
  return parts.flatMap((part, index) => part.indexes?.(shares[index], task) ?? []);
}

function ownStrategy(plugin: PluginExport, given: api.Strategy): Strategy {
  const removes = given.removes?.bind(given);
  const indexes = given.indexes?.bind(given);
  if (removes === undefined && indexes === undefined) {
    throw new Refused('a strategy needs "removes", "indexes", "any", "all" or "not"');
  }
  const indexPaths = (argument: unknown, task: Parameters<NonNullable<Strategy['indexes']>>[1]): string[] =>
    callPlugin(plugin, () => [...(indexes?.(viewOf(task), frozenCopy(argument) as api.Json) ?? [])]);
  return {
    ...(removes === undefined
      ? {}
      : {
          removes: (argument, parameters, task) =>
            callPlugin(plugin, () =>
              removes(viewOf(task), shown(parameters) as api.Parameters, frozenCopy(argument) as api.Json),
            ),
        }),
    ...(indexes === undefined
      ? {}
      : {
          indexes: indexPaths,
          replacement: (argument, answers, deadline, task) =>
            findInIndex(indexPaths(argument, task), answers, deadline),
        }),
  };
}

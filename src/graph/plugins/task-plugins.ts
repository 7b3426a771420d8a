import { anything, keys, type Shape, text } from '../load/shape.ts';
import type { PayloadBuilder, UnfinishedDefinition } from '../payloads/payload.ts';
import type { FetchBuilder } from '../transforms/fetch-builders.ts';
import type { RunUsing } from '../transforms/run/run-using.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import type { GroupBy, SetName } from '../values/dependencies.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import type * as api from './api.ts';
import { callFor, changeDraft, wrongGift } from './draft-call.ts';
import { viewOf } from './graph-view.ts';
import { frozenCopy, handIn, takeBackMapping } from './hand-over.ts';
import type { PluginExport } from './modules.ts';

// What plugins register for the tasks of a kind, as the transforms use it.

export function asRunUsing(plugin: PluginExport, given: api.RunUsing): RunUsing {
  return {
    implementations: [...given.implementations],
    ...(given.defaults === undefined ? {} : { defaults: handIn(given.defaults) as Mapping }),
    ...shapeOf(given.keys, { required: { using: text }, optional: { workdir: anything } }),
    configure(context, draft) {
      changeDraft(plugin, context, draft, (config, task) => given.configure(config, task));
      for (const key of ['worker', 'attributes', 'dependencies', 'extra'])
        if (!isMapping(draft[key])) throw wrongGift(plugin, `a task whose "${key}" is not a mapping`);
    },
  };
}

export function asPayloadBuilder(plugin: PluginExport, given: api.PayloadBuilder): PayloadBuilder {
  return {
    ...shapeOf(given.keys, { required: { implementation: text }, optional: { os: text } }),
    setDefaults(worker) {
      for (const [key, value] of Object.entries(given.defaults ?? {})) worker[key] ??= handIn(value);
    },
    build(context, draft, definition) {
      const made = callFor(plugin, context, draft, (config) =>
        takeBackMapping(given.build(config, handIn(draft), handIn(definition) as Mapping)),
      );
      checkDefinition(plugin, { ...definition, ...made });
      Object.assign(definition, made);
    },
  };
}

function checkDefinition(plugin: PluginExport, definition: Mapping): void {
  if (definition['payload'] === undefined) throw wrongGift(plugin, 'a definition without "payload"');
  for (const key of ['scopes', 'routes'] satisfies (keyof UnfinishedDefinition)[])
    if (!Array.isArray(definition[key])) throw wrongGift(plugin, `a definition whose "${key}" is not a list`);
  for (const key of ['extra', 'tags', 'metadata'])
    if (!isMapping(definition[key])) throw wrongGift(plugin, `a definition whose "${key}" is not a mapping`);
}

export function asIndexBuilder(plugin: PluginExport, given: api.IndexBuilder) {
  return (context: TransformContext, draft: Draft): void =>
    changeDraft(plugin, context, draft, (config, task) => given(config, task));
}

export function asFetchBuilder(plugin: PluginExport, given: api.FetchBuilder): FetchBuilder {
  const { required = {}, optional = {} } = given.keys ?? {};
  return {
    required,
    optional,
    build(wanted, context) {
      const made = callFor(plugin, context, undefined, (config) =>
        takeBackMapping(given.build(config, handIn(wanted))),
      );
      const { command, artifactName, env = {}, digestData, secret } = made;
      if (!isTexts(command) || !isTexts(digestData) || typeof artifactName !== 'string') {
        throw wrongGift(
          plugin,
          'no fetch: it needs the lists of texts "command" and "digestData", and "artifactName"',
        );
      }
      return {
        command,
        artifactName,
        env: env as Record<string, string>,
        digestData,
        ...(typeof secret === 'string' ? { secret } : {}),
      };
    },
  };
}

export function asGroupBy(plugin: PluginExport, given: api.GroupBy): GroupBy {
  return {
    argument: 'any',
    group(tasks, argument, context) {
      const byLabel = new Map(tasks.map((task) => [task.label, task]));
      const made = callFor(plugin, context, undefined, (config) =>
        [
          ...given(
            config,
            tasks.map(viewOf),
            (argument === undefined ? null : frozenCopy(argument)) as api.Json,
          ),
        ].map((group) => [...group].map(({ label }) => label)),
      );
      return made.map((labels) =>
        labels.map((label) => {
          const task = byLabel.get(label);
          if (task === undefined) throw wrongGift(plugin, `a group with "${label}", which it was not given`);
          return task;
        }),
      );
    },
  };
}

export function asSetName(plugin: PluginExport, given: api.SetName): SetName {
  return (primary, primaryKind, { context, tasks }) => {
    const name: unknown = callFor(plugin, context, undefined, (config) =>
      given(config, tasks.map(viewOf), viewOf(primary), primaryKind),
    );
    if (typeof name === 'string') return name;
    throw wrongGift(plugin, 'a name that is no text');
  };
}

export function asTaskContext(plugin: PluginExport, given: api.TaskContext) {
  return (context: TransformContext, draft: Draft): Mapping =>
    callFor(plugin, context, draft, (config) =>
      takeBackMapping(given(config, frozenCopy(draft) as api.JsonObject)),
    );
}

/** The shape of `run` or `worker`: unknown keys are told as a warning by those who know the draft. */
function shapeOf(
  given: api.Keys = {},
  own: { readonly required: Record<string, Shape>; readonly optional: Record<string, Shape> },
): { readonly shape: Shape; readonly known: readonly string[] } {
  const required = { ...own.required, ...given.required };
  const optional = { ...own.optional, ...given.optional };
  return {
    shape: keys({ required, optional, unknown: 'allowed' }),
    known: [...Object.keys(required), ...Object.keys(optional)],
  };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

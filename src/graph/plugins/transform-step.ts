import type { Origin, Origins, Spot } from '../load/origins.ts';
import { type DraftError, reportDraftError } from '../transforms/draft-step.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import { isMapping } from '../values/plain.ts';
import { pythonText } from '../values/python-text.ts';
import type { Config, Mistake, Task, Tasks } from './api.ts';
import { pluginError } from './call.ts';
import { configFor } from './config.ts';
import { describe, type Float, handIn, NotJson, takeBackMapping } from './hand-over.ts';
import type { PluginExport } from './modules.ts';
import { Refused } from './refused.ts';

type TransformFunction = (config: Config, tasks: readonly Task[]) => Tasks;

/** A transform of the repository's own. Unlike the built-in ones it may be asynchronous, and works on copies. */
export interface PluginStep {
  readonly plugin: PluginExport;
  /**
   * Gives the drafts that the plugin makes of `drafts`. `origins` gets to know where they come from; `spot` is what
   * kind.yml has to say of the step, the place of drafts that come from nowhere else.
   */
  run(
    context: TransformContext,
    drafts: readonly Draft[],
    places: { readonly origins: Origins; readonly spot: Spot },
  ): Promise<Draft[]>;
}

/**
 * On every task that a plugin gets; copies that are made with `{...task}` have it as well. An empty object, so that a
 * plugin's author who prints a task sees the task.
 */
const mark = Symbol('caisson.task');
const marked = new WeakMap<object, Given>();

interface Given {
  readonly draft: Draft;
  readonly origin: Origin | undefined;
  readonly floats: readonly Float[];
}
type Marked = Task & { [mark]?: object };

function markOf(task: unknown): Given | undefined {
  const found = isMapping(task) ? (task as Marked)[mark] : undefined;
  return found === undefined ? undefined : marked.get(found);
}

/** What kind.yml names as a transform: a function, or a list of such. Throws {@link Refused}. */
export function asTransform(plugin: PluginExport): PluginStep {
  const functions = [plugin.value].flat(Number.POSITIVE_INFINITY);
  if (functions.length === 0 || !functions.every((one) => typeof one === 'function')) {
    throw new Refused(`"${plugin.name}" must be a function (config, tasks), or a list of such`);
  }
  const steps = functions.map((one) => transformStep(plugin, one as TransformFunction));
  return {
    plugin,
    async run(context, drafts, places) {
      let made = [...drafts];
      for (const step of steps) made = await step.run(context, made, places);
      return made;
    },
  };
}

/** What kind.yml names as a loader. Throws {@link Refused}. */
export function asLoader(plugin: PluginExport): PluginStep {
  if (typeof plugin.value === 'function') return transformStep(plugin, plugin.value as TransformFunction);
  throw new Refused(`"${plugin.name}" must be a function (config, tasks)`);
}

function transformStep(plugin: PluginExport, transform: TransformFunction): PluginStep {
  return {
    plugin,
    async run(context, drafts, { origins, spot }) {
      const tasks = drafts.map((draft) => handOver(draft, origins));
      const taken = watch(tasks);
      const givenOf = (task: unknown): Given | undefined =>
        markOf(task) ?? taken.current() ?? namedAs(task, tasks);
      const report = (mistake: Mistake): void => reportMistake(context, mistake, tasks, givenOf);

      const made: Draft[] = [];
      const take = (task: unknown): void => {
        const given = givenOf(task);
        try {
          const draft = takeBackMapping(task, given?.floats);
          origins.set(draft, given?.origin ?? originAt(spot, context.kind, draft));
          made.push(draft);
        } catch (error) {
          if (!(error instanceof NotJson)) throw error;
          reportDraftError(context, given?.draft ?? {}, pluginError(plugin, error));
        }
      };
      try {
        const result = await transform(configFor(context, report), tasks);
        if (isIterable(result)) for (const task of result) take(task);
        else if (isAsyncIterable(result)) for await (const task of result) take(task);
        else throw new NotJson(`${describe(result)}, not tasks`, []);
      } catch (error) {
        const mistake: DraftError = pluginError(plugin, error);
        const about = (error as { task?: unknown } | null)?.task;
        reportDraftError(
          context,
          (isMapping(about) ? givenOf(about) : taken.current())?.draft ?? {},
          mistake,
        );
      }
      return made;
    },
  };
}

function handOver(draft: Draft, origins: Origins): Marked {
  const floats: Float[] = [];
  const task: Marked = handIn(draft, floats);
  task[mark] = {};
  marked.set(task[mark], { draft, origin: origins.of(draft), floats });
  return task;
}

/** Notices which task a plugin that goes from one to the next is at. */
function watch(tasks: Marked[]): { current(): Given | undefined } {
  let current: Given | undefined;
  const iterate = function* (): ArrayIterator<Marked> {
    for (let index = 0; index < tasks.length; index++) {
      current = markOf(tasks[index]);
      yield tasks[index]!;
    }
    current = undefined;
  };
  Object.defineProperty(tasks, Symbol.iterator, { value: iterate });
  return { current: () => current };
}

/** The task that was given with the same name, or label, as one that a plugin made from scratch. */
function namedAs(task: unknown, tasks: readonly Marked[]): Given | undefined {
  if (!isMapping(task)) return undefined;
  const key = 'name' in task ? 'name' : 'label';
  if (task[key] === undefined) return undefined;
  return markOf(tasks.find((one) => markOf(one)?.draft[key] === task[key]));
}

function originAt(spot: Spot, kind: string, draft: Draft): Origin {
  return { kind, name: pythonText(draft['name'] ?? draft['label'] ?? '?'), spot, defaults: [] };
}

function reportMistake(
  context: TransformContext,
  { message, severity = 'error', task, path = [], hint }: Mistake,
  tasks: readonly Marked[],
  givenOf: (task: unknown) => Given | undefined,
): void {
  const about =
    typeof task === 'string'
      ? markOf(tasks.find(({ label, name }) => label === task || name === task))
      : givenOf(task);
  context.report({
    severity,
    message,
    path,
    ...(about === undefined ? {} : { draft: about.draft }),
    ...(hint === undefined ? {} : { hint }),
  });
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

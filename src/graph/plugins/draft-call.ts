import { DraftError } from '../transforms/draft-step.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import type { Mapping } from '../values/plain.ts';
import { setOwn } from '../values/plain.ts';
import type { Config, Mistake } from './api.ts';
import { callPlugin } from './call.ts';
import { configFor } from './config.ts';
import { type Float, handIn, takeBackMapping } from './hand-over.ts';
import type { PluginExport } from './modules.ts';

interface Shown {
  readonly config: Config;
  draft: Draft | undefined;
}
const known = new WeakMap<TransformContext, Shown>();

/** Calls a plugin that works on one draft. Its mistakes are thrown as DraftError, or reported as being about the draft. */
export function callFor<T>(
  plugin: PluginExport,
  context: TransformContext,
  draft: Draft | undefined,
  work: (config: Config) => T,
): T {
  let shown = known.get(context);
  if (shown === undefined) {
    const config = configFor(context, (mistake) => report(context, known.get(context)?.draft, mistake));
    shown = { config, draft };
    known.set(context, shown);
  }
  shown.draft = draft;
  const { config } = shown;
  return callPlugin(plugin, () => work(config));
}

/** Lets a plugin make another draft of a copy; the draft gets that content. */
export function changeDraft(
  plugin: PluginExport,
  context: TransformContext,
  draft: Draft,
  work: (config: Config, task: Mapping) => unknown,
): void {
  const made = callFor(plugin, context, draft, (config) => {
    const floats: Float[] = [];
    const task = handIn(draft, floats);
    return takeBackMapping(work(config, task), floats);
  });
  for (const key of Object.keys(draft)) delete draft[key];
  for (const key of Object.keys(made)) setOwn(draft, key, made[key]);
}

function report(context: TransformContext, draft: Draft | undefined, mistake: Mistake): void {
  const { message, severity = 'error', path = [], hint } = mistake;
  context.report({
    severity,
    message,
    path,
    ...(draft === undefined ? {} : { draft }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** For what a plugin gives that has not the form that is needed. */
export function wrongGift(plugin: PluginExport, what: string): DraftError {
  const { name, file, place } = plugin;
  return new DraftError(`${name} of ${file.shown} gives ${what}`, [], undefined, place);
}

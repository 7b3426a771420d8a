import { DraftError } from '../transforms/draft-step.ts';
import type { Path } from './api.ts';
import { NotJson } from './hand-over.ts';
import type { PluginExport } from './modules.ts';
import { placeInStack } from './source-place.ts';

/** Calls a plugin; whatever it throws becomes a DraftError with the place and the words that its readers need. */
export function callPlugin<T>(plugin: PluginExport, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw pluginError(plugin, error);
  }
}

/** Mistakes that helpers of `caisson/plugin` tell by throwing: by name, an npm package may have its own copy of them. */
const mistakeNames = ['TaskError', 'KeyedByError', 'PythonFormatError', 'PythonRegexError'];

const hints: ReadonlyMap<string, string> = new Map([
  ['undefined', 'leave the key out, or use null'],
  ['a date', 'use its text; in YAML a date is a text when it is in quotes'],
]);

/** What a plugin threw, or gave that is not JSON, as a mistake. Errors of ours are left as they are. */
export function pluginError(plugin: PluginExport, error: unknown): DraftError {
  if (error instanceof DraftError) return error;
  const { file, name, place } = plugin;
  if (error instanceof NotJson) {
    const where = error.path.length === 0 ? 'a task' : `"${error.path.join('.')}"`;
    const hint = hints.get(error.message) ?? 'plugins give what JSON can say';
    return new DraftError(
      `${name} of ${file.shown} gives as ${where} ${error.message}`,
      error.path,
      hint,
      place,
    );
  }
  if (error instanceof Error && mistakeNames.includes(error.name)) {
    const { path, hint } = error as { path?: Path; hint?: string };
    return new DraftError(error.message, path ?? [], hint);
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new DraftError(
    `${name} of ${file.shown} failed: ${what.split('\n')[0]}`,
    [],
    undefined,
    placeInStack(file, error) ?? place,
  );
}

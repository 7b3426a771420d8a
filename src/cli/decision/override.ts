import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail } from '../../base/failure.ts';
import { ifThere } from '../../base/files.ts';
import type { Parameters } from '../../graph/parameters/parameters.ts';
import type { DecisionFlags } from './flags.ts';
import type { History } from './history.ts';

const noteRef = 'refs/notes/decision-parameters';

interface Override {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** where it was found */
  readonly source: string;
}

/**
 * What whoever pushed wants the parameters to be: from try_task_config.json or, without one, from a git note. Null when
 * there is neither, or the command line does not allow it.
 */
export function findOverride(
  flags: DecisionFlags,
  history: History,
  parameters: Parameters,
): Override | null {
  if (!flags.allowParameterOverride) return null;
  const file = flags.tryTaskConfigFile
    ? resolve(flags.tryTaskConfigFile)
    : join(history.top, 'try_task_config.json');
  const text = ifThere(() => readFileSync(file, 'utf8'), ['ENOENT', 'EISDIR']);
  if (text !== null) return { parameters: tryTaskConfig(text, file), source: file };
  const note = history.note(noteRef, parameters.head_repository);
  return note === null ? null : { parameters: mapping(parseJson(note, noteRef), noteRef), source: noteRef };
}

/** `{"version": 2, "parameters": {…}}` and nothing else. */
function tryTaskConfig(text: string, file: string): Override['parameters'] {
  const { version, parameters = {}, ...others } = mapping(parseJson(text, file), file);
  if (version !== 2) {
    fail('configuration', `${file}: the version is ${JSON.stringify(version) ?? 'missing'}, but has to be 2`);
  }
  const unknown = Object.keys(others);
  if (unknown.length > 0)
    fail('configuration', `${file}: unknown key "${unknown[0]}"`, 'there are "version" and "parameters"');
  return mapping(parameters, `"parameters" in ${file}`);
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return fail('configuration', `${where} is not well formed JSON: ${error.message}`);
  }
}

function mapping(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  return fail('configuration', `${where} has to be a mapping`);
}

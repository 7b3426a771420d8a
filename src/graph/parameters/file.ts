import { readFileSync } from 'node:fs';
import type { Diagnostic } from '../../base/diagnostic.ts';
import { fail, FailureError } from '../../base/failure.ts';
import { isErrno } from '../../base/files.ts';
import { parseJson } from '../load/json-file.ts';
import { parseYaml } from '../load/yaml-file.ts';
import { isMapping } from '../values/plain.ts';
import { parameterMistakes } from './check.ts';
import type { Parameters } from './parameters.ts';
import { parametersFromRepository } from './repository.ts';

export type ParameterFormat = 'yaml' | 'json';

/** What the end of a name says about the content; null when it is neither YAML nor JSON. */
export function parameterFormat(name: string): ParameterFormat | null {
  if (/\.ya?ml$/.test(name)) return 'yaml';
  return name.endsWith('.json') ? 'json' : null;
}

/**
 * Parameters from a `.yml` or `.json` file. What it leaves out is as in the repository whose top is given; without one,
 * it must be complete. Fails with `usage` when the file cannot be read, else as `parseParameters` does.
 */
export function parametersFromFile(path: string, repositoryTop?: string): Parameters {
  if (repositoryTop === undefined) return readParameters(path, true) as Parameters;
  return { ...parametersFromRepository(repositoryTop), ...readParameters(path, false) };
}

/** The parameters that a `.yml` or `.json` file has; fails as `parametersFromFile` does. */
export function readParameters(path: string, complete: boolean): Partial<Parameters> {
  const format = parameterFormat(path);
  if (format === null) return fail('usage', `parameters must be in a .yml or a .json file, not ${path}`);
  return parseParameters(readText(path), path, format, complete);
}

/**
 * The parameters in a text that is shown to the user as `shown`. Those that nobody knows are kept: kinds can ask for
 * them. Fails with `configuration` and a place for each mistake in it; that something is missing is one if they must be
 * complete.
 */
export function parseParameters(
  text: string,
  shown: string,
  format: ParameterFormat,
  complete: boolean,
): Partial<Parameters> {
  const parsed = format === 'yaml' ? parseYaml(text, shown) : parseJson(text, shown);
  if (!parsed.ok) throw refused(shown, [parsed.error]);
  const file = parsed.value;
  if (!isMapping(file.value)) {
    throw refused(shown, [
      { severity: 'error', message: 'parameters must be a mapping', place: file.placeOf([]) },
    ]);
  }
  const mistakes = parameterMistakes(file.value, complete).map(({ message, path: at, hint }): Diagnostic => {
    const found = { severity: 'error', message, place: file.placeOf(at) } as const;
    return hint === undefined ? found : { ...found, hint };
  });
  if (mistakes.length > 0) throw refused(shown, mistakes);
  return file.value;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EISDIR', 'EACCES', 'ENOTDIR')) throw error;
    return fail('usage', `parameters could not be read from ${path}: ${error.code}`);
  }
}

function refused(shown: string, diagnostics: readonly Diagnostic[]): FailureError {
  const count = diagnostics.length === 1 ? 'one mistake' : `${diagnostics.length} mistakes`;
  return new FailureError({
    kind: 'configuration',
    message: `${count} in the parameters ${shown}`,
    diagnostics,
  });
}

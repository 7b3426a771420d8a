import { readFileSync } from 'node:fs';
import type { Diagnostic } from '../../base/diagnostic.ts';
import { fail, FailureError } from '../../base/failure.ts';
import { isErrno } from '../../base/files.ts';
import { parseYaml, YamlFile } from '../load/yaml-file.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import { parameterMistakes } from './check.ts';
import type { Parameters } from './parameters.ts';
import { parametersFromRepository } from './repository.ts';

/**
 * Parameters from a `.yml` or `.json` file. What it leaves out is as in the repository whose top is given; without one,
 * it must be complete. Parameters that nobody knows are kept: kinds can ask for them. Fails with `usage` when the file
 * cannot be read, with `configuration` and a place for each mistake in it.
 */
export function parametersFromFile(path: string, repositoryTop?: string): Parameters {
  const file = read(path);
  if (!isMapping(file.value)) {
    throw refused(path, [
      { severity: 'error', message: 'parameters must be a mapping', place: file.placeOf([]) },
    ]);
  }
  const given: Mapping = file.value;
  const parameters =
    repositoryTop === undefined ? given : { ...parametersFromRepository(repositoryTop), ...given };
  const mistakes = parameterMistakes(parameters).map(({ message, path: at, hint }): Diagnostic => {
    const found = { severity: 'error', message, place: file.placeOf(at) } as const;
    return hint === undefined ? found : { ...found, hint };
  });
  if (mistakes.length > 0) throw refused(path, mistakes);
  return parameters as Parameters;
}

function read(path: string): YamlFile {
  const text = readText(path);
  if (/\.ya?ml$/.test(path)) {
    const parsed = parseYaml(text, path);
    if (parsed.ok) return parsed.value;
    throw refused(path, [parsed.error]);
  }
  if (!path.endsWith('.json'))
    return fail('usage', `parameters must be in a .yml or a .json file, not ${path}`);
  try {
    return new YamlFile(path, text, JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw refused(path, [
      { severity: 'error', message: `${path} is not well formed JSON: ${error.message}` },
    ]);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EISDIR', 'EACCES')) throw error;
    return fail('usage', `parameters could not be read from ${path}: ${error.code}`);
  }
}

function refused(path: string, diagnostics: readonly Diagnostic[]): FailureError {
  const count = diagnostics.length === 1 ? 'one mistake' : `${diagnostics.length} mistakes`;
  return new FailureError({
    kind: 'configuration',
    message: `${count} in the parameters ${path}`,
    diagnostics,
  });
}

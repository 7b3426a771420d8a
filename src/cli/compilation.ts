import { resolve } from 'node:path';
import { drawDiagnostic } from '../base/diagnostic.ts';
import type { Compilation } from '../graph/compile.ts';
import type { Parameters } from '../graph/parameters/parameters.ts';
import { parametersFromFile } from '../graph/parameters/file.ts';
import { parametersFromRepository } from '../graph/parameters/repository.ts';
import type { Repository } from './repository.ts';

/** Parameters from a file when one is named, else from the repository as it lies there. */
export function loadParameters(
  repository: Repository,
  file: string | undefined,
  overrides: Partial<Parameters> = {},
): Parameters {
  if (file !== undefined) return { ...parametersFromFile(resolve(file), repository.top), ...overrides };
  return parametersFromRepository(repository.top, overrides);
}

/** Warnings of the configuration, each at its place, to standard error. */
export function tellWarnings(compilation: Compilation): void {
  for (const warning of compilation.warnings) process.stderr.write(`${drawDiagnostic(warning)}\n`);
}

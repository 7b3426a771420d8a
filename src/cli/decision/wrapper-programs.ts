import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../base/failure.ts';
import { runTaskBundle } from '../run-task-bundle.ts';

/** The programs that tasks start with, as files beside this program: absolute paths. */
export interface WrapperPrograms {
  readonly 'run-task': string;
  /** null: this build has none */
  readonly 'fetch-content': string | null;
}

export function wrapperPrograms(): WrapperPrograms {
  const fetchContent = join(import.meta.dirname, 'fetch-content.mjs');
  return {
    'run-task': runTaskBundle().path,
    'fetch-content': existsSync(fetchContent) ? fetchContent : null,
  };
}

/** Fails with `unavailable` where the program is needed and not built. */
export function fetchContentPath(programs: WrapperPrograms): string {
  return (
    programs['fetch-content'] ?? fail('unavailable', 'fetch-content is missing', 'build it: npm run build')
  );
}

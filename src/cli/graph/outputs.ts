import { writeFileSync } from 'node:fs';
import { parse } from 'node:path';
import { fail } from '../../base/failure.ts';
import { isErrno } from '../../base/files.ts';
import { isUnreadable } from '../../graph/values/unreadable.ts';
import type { ParameterSet } from '../parameter-sets.ts';

/**
 * Where the graph of each set goes: `-o` with the set's name for `{params}`, or at its end when there are several. Null
 * without `-o`: to standard output. Two sets that would write one file fail with `usage`.
 */
export function outputFiles(
  file: string | undefined,
  sets: readonly ParameterSet[],
): readonly (string | null)[] {
  if (file === undefined) return sets.map(() => null);
  const { dir, name, ext } = parse(file);
  const isNamed = file.includes('{params}') || sets.length === 1;
  const template = isNamed ? file : `${dir === '' ? '' : `${dir === '/' ? '' : dir}/`}${name}_{params}${ext}`;
  const files = sets.map((set) => template.replaceAll('{params}', set.name.replaceAll('/', '_')));
  const twice = files.find((one, index) => files.indexOf(one) !== index);
  if (twice !== undefined) {
    const hint = 'rename one of them, or compile them one after the other';
    fail('usage', `several sets of parameters would be written to ${twice}`, hint);
  }
  return files;
}

/** What is printed goes to its file, without one to standard output. */
export function writeOutput(text: string, file: string | null): void {
  if (file === null) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(file, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!isUnreadable(error) && !isErrno(error, 'EROFS', 'ENOSPC', 'EPERM', 'ENXIO')) throw error;
    fail('usage', `${file} cannot be written: ${code}`);
  }
}

import { err, ok, type Result } from '../base/result.ts';

/** What run-task demands of a cache: sorted lines `name=value`. */
export type Requirements = readonly string[];

/** A change here means that every populated cache is refused. */
const version = 1;

/** In version 1 exactly the owner of the files and the version itself. */
export function requirementsFor({ uid, gid }: { readonly uid: number; readonly gid: number }): Requirements {
  return [`gid=${gid}`, `uid=${uid}`, `version=${version}`];
}

export function formatRequirements(requirements: Requirements): string {
  return [...requirements]
    .sort()
    .map((line) => `${line}\n`)
    .join('');
}

/**
 * Order, blank lines and `\r\n` do not matter; nor does an end of the last line (the
 * Python wrapper writes none; a torn file lacks `version`, the last of the sorted lines). Nothing, or a line that is no
 * requirement, is an error.
 */
export function parseRequirements(text: string): Result<Requirements, string> {
  if (text.trim() === '') return err('it is empty');
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const bad = lines.find((line) => !/^[A-Za-z0-9._-]+=[^\s=][^\r\n]*$/.test(line));
  if (bad !== undefined)
    return err(`it has a line that is no requirement: ${JSON.stringify(bad.slice(0, 80))}`);
  return ok([...new Set(lines)].sort());
}

/** Both ways: what the cache lacks (`missing`) and what it has beyond what is wanted (`extra`). */
export function compareRequirements(
  wanted: Requirements,
  found: Requirements,
): { readonly same: boolean; readonly missing: string[]; readonly extra: string[] } {
  const missing = wanted.filter((line) => !found.includes(line));
  const extra = found.filter((line) => !wanted.includes(line));
  return { same: missing.length === 0 && extra.length === 0, missing, extra };
}

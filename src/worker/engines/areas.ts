import { posix } from 'node:path';

/** A directory (or file) of the sandbox and where it lies on the host; null when the task cannot write there. */
export interface Area {
  readonly inside: string;
  readonly host: string | null;
}

/**
 * Translates an absolute path inside by the innermost area it lies in; null when there is none or it is not writable.
 * Lexical: `..` is resolved before, links are not; what `rest` goes through was made by the task.
 */
export function translate(areas: readonly Area[], inside: string): { trusted: string; rest: string } | null {
  const path = posix.normalize(inside).replace(/(?<=.)\/$/, '');
  if (!posix.isAbsolute(path) || path.includes('\0')) return null;
  let innermost: Area | undefined;
  for (const area of areas) {
    if (liesIn(path, area.inside) && area.inside.length >= (innermost?.inside.length ?? 0)) innermost = area;
  }
  if (innermost === undefined || innermost.host === null) return null;
  return { trusted: innermost.host, rest: posix.relative(innermost.inside, path) };
}

/** Is `path` that directory, or below it? Both absolute and normal. */
export function liesIn(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

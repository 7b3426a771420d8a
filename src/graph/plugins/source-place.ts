import { readFileSync, realpathSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from '../../base/diagnostic.ts';

/** A file with plugins in it. */
export interface PluginFile {
  readonly path: string;
  /** as the user would type it */
  readonly shown: string;
  /** the repository's top, whose other files plugins can be in as well */
  readonly repository: string;
}

/** Where a file exports a name, else its first line. */
export function placeOfExport({ path, shown }: PluginFile, name: string): Place {
  const lines = readLines(path);
  const escaped = name.split('.')[0]!.replaceAll(/[^\w]/g, '\\$&');
  const pattern = new RegExp(`^\\s*export\\b.*?\\b(${escaped})\\b`, 'd');
  for (const [index, text] of lines.entries()) {
    const found = pattern.exec(text)?.indices?.[1];
    if (found === undefined) continue;
    return { file: shown, line: index + 1, column: found[0] + 1, length: found[1] - found[0], text };
  }
  return { file: shown, line: 1, column: 1, text: lines[0] ?? '' };
}

/** The innermost place in the repository's own code from which something was thrown; null when there is none. */
export function placeInStack({ path, shown, repository }: PluginFile, error: unknown): Place | null {
  const stack = error instanceof Error && typeof error.stack === 'string' ? error.stack : '';
  for (const [, location, line, column] of stack.matchAll(
    /^\s+at .*?\(?((?:file:\/\/)?\/.*):(\d+):(\d+)\)?$/gm,
  )) {
    const file = location!.startsWith('file:') ? fileURLToPath(location!) : location!;
    const known = file === path ? shown : withinRepository(file, repository);
    if (known !== null) return placeAt(file, known, Number(line), Number(column));
  }
  return null;
}

/** The place that a parser's message names, as `path:line:column`. */
export function placeInMessage({ path, shown, repository }: PluginFile, message: string): Place | null {
  const [, file, line, column] = /(\/[^\s:]+):(\d+):(\d+)/.exec(message) ?? [];
  if (file === undefined) return null;
  const known = file === path ? shown : withinRepository(file, repository);
  return known === null ? null : placeAt(file, known, Number(line), Number(column));
}

function placeAt(path: string, shown: string, line: number, column: number): Place {
  const text = readLines(path)[line - 1] ?? '';
  // Lines survive the translation of TypeScript; what it puts before a statement can move columns.
  return { file: shown, line, column: column <= text.length + 1 ? column : 1, text };
}

function withinRepository(file: string, repository: string): string | null {
  for (const top of new Set([repository, realpathSync(repository)])) {
    const shown = relative(top, file);
    if (!shown.startsWith('..') && !shown.split(sep).includes('node_modules')) return shown;
  }
  return null;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/);
  } catch {
    return [];
  }
}

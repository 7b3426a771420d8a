import { parse } from '@humanwhocodes/momoa';
import type { Diagnostic, Place } from '../../base/diagnostic.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { YamlFile } from './yaml-file.ts';

/** Reads JSON fast; its parts have places as those of a YAML file do. A syntax error is a diagnostic at its place. */
export function parseJson(text: string, shown: string): Result<YamlFile, Diagnostic> {
  try {
    return ok(new YamlFile(shown, text, JSON.parse(text)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const reason = error.message.replace(/ in JSON at position .*$|, .* is not valid JSON$/s, '');
    const message = `the JSON is not well formed: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`;
    return err({ severity: 'error', message, place: placeOf(offsetOf(error, text), shown, text) });
  }
}

/** The fast parser says only of some mistakes where they are. */
function offsetOf({ message }: SyntaxError, text: string): number {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  if (message.includes('end of JSON')) return text.trimEnd().length;
  try {
    parse(text, { mode: 'json' });
    return 0;
  } catch (error) {
    return (error as { offset?: number }).offset ?? 0;
  }
}

function placeOf(offset: number, file: string, text: string): Place {
  const before = text.slice(0, offset).split('\n');
  const line = text.split('\n')[before.length - 1]!.replace(/\r$/, '');
  return { file, line: before.length, column: before.at(-1)!.length + 1, text: line };
}

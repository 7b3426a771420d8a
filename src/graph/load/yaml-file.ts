import { readFileSync } from 'node:fs';
import { load, YAMLException } from 'js-yaml';
import type { Diagnostic, Place } from '../../base/diagnostic.ts';
import { isUnreadable } from '../values/unreadable.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import { type DataPath, SourceMap } from './source-map.ts';
import { unfoldMistake } from './unfold.ts';
import { syntaxMistake } from './syntax-mistake.ts';
import { yaml11 } from './yaml-schema.ts';

/**
 * A YAML file, read fast; where its parts are is looked up only when there is something to say about them.
 *
 * JavaScript objects hold keys that look like integers first, whatever their place in the file. Where the order of a
 * mapping can be seen in the result, use {@link YamlFile.entries}; elsewhere a key such as `10` costs nothing.
 */
export class YamlFile {
  /** as the user would type it */
  readonly shown: string;
  readonly text: string;
  readonly value: unknown;
  private readonly hasDuplicates: boolean;
  private sourceMap: SourceMap | undefined;

  constructor(shown: string, text: string, value: unknown, { hasDuplicates = false } = {}) {
    this.hasDuplicates = hasDuplicates;
    this.shown = shown;
    this.text = text;
    this.value = value;
  }

  get source(): SourceMap {
    this.sourceMap ??= new SourceMap(this.shown, this.text);
    return this.sourceMap;
  }

  /** A warning for each key that is overridden by an equal one below it in the same mapping. */
  get warnings(): Diagnostic[] {
    if (!this.hasDuplicates) return [];
    return this.source.duplicates().map(({ key, place, last }) => ({
      severity: 'warning',
      message: `the key "${key}" comes twice in one mapping: this one is ignored`,
      place,
      related: [{ message: 'the one that counts', place: last }],
    }));
  }

  /** The place of a path in the file, or of as much of it as there is; never absent. */
  placeOf(path: DataPath): Place {
    return this.source.find(path).place;
  }

  /** A mapping's members in the order of the file. Path: where the mapping is. */
  entries(mapping: Mapping, path: DataPath): [string, unknown][] {
    const entries = Object.entries(mapping);
    if (entries.length < 2 || !entries.some(([key]) => /^(0|[1-9]\d*)$/.test(key))) return entries;
    const order = new Map(this.source.keysOf(path).map((key, index) => [key, index]));
    return entries.sort(([a], [b]) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  }
}

/** Reads a file of which the caller knows that it is there. A syntax error is a diagnostic at its place. */
export function readYaml(path: string, shown: string): Result<YamlFile, Diagnostic> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return err({
      severity: 'error',
      message: `${shown} is no file that can be read`,
    });
  }
  return parseYaml(text, shown);
}

export function parseYaml(text: string, shown: string): Result<YamlFile, Diagnostic> {
  const read = loadText(text, shown, {});
  if (read.ok) return checked(new YamlFile(shown, text, read.value));
  if (read.error !== 'duplicates') return err(read.error);
  // As in the Python program the last of equal keys counts, but nobody means that.
  const again = loadText(text, shown, { json: true });
  if (again.ok) return checked(new YamlFile(shown, text, again.value, { hasDuplicates: true }));
  if (again.error !== 'duplicates') return err(again.error);
  throw new Error('equal keys were refused where they are allowed');
}

function loadText(
  text: string,
  shown: string,
  options: { readonly json?: boolean },
): Result<unknown, Diagnostic | 'duplicates'> {
  try {
    return ok(load(text, { schema: yaml11, ...options }));
  } catch (error) {
    if (error instanceof RangeError)
      return err({ severity: 'error', message: `${shown} is nested too deeply`, about: shown });
    if (!(error instanceof YAMLException)) throw error;
    if (error.reason.startsWith('duplicated mapping key')) return err('duplicates');
    return err(syntaxMistake(error, shown, text));
  }
}

function checked(file: YamlFile): Result<YamlFile, Diagnostic> {
  const message = file.text.includes('*') ? unfoldMistake(file.value) : null;
  if (message === null) return ok(file);
  const lines = file.text.split(/\r?\n/);
  const line = lines.findIndex((one) => /(?:^|[\s[{,:-])\*\S/.test(one));
  const text = lines[line] ?? '';
  const place = { file: file.shown, line: line + 1, column: text.indexOf('*') + 1, text };
  return err({ severity: 'error', message, ...(line < 0 ? {} : { place }) });
}

/** Reads a file that must be a mapping. */
export function readMapping(
  path: string,
  shown: string,
): Result<YamlFile & { readonly value: Mapping }, Diagnostic> {
  const read = readYaml(path, shown);
  if (!read.ok) return read;
  const file = read.value;
  if (isMapping(file.value)) return ok(file as YamlFile & { readonly value: Mapping });
  const what =
    file.value === undefined || file.value === null ? 'the file is empty' : 'the file is not a mapping';
  return err({
    severity: 'error',
    message: `${what}; it must be a mapping of keys to values`,
    place: file.placeOf([]),
  });
}

import type { YAMLException } from 'js-yaml';
import type { Diagnostic, Place } from '../../base/diagnostic.ts';
import { openAt } from './unclosed.ts';

interface Spot {
  readonly line: number;
  readonly column: number;
  readonly length?: number;
}

interface Explained {
  readonly message: string;
  readonly hint?: string;
  /** from 0; default: where the parser gave up */
  readonly at?: Spot | undefined;
}

/** What the parser says of a text that is not YAML, in words that say what to change, at the place to change. */
export function syntaxMistake(error: YAMLException, shown: string, text: string): Diagnostic {
  const lines = text.split(/\r?\n/);
  const mark = error.mark === undefined ? undefined : { line: error.mark.line, column: error.mark.column };
  const { message, hint, at } = explain(error.reason, lines, mark);
  const spot = at ?? mark;
  return {
    severity: 'error',
    message,
    ...(spot === undefined ? {} : { place: placeOf(spot, shown, lines) }),
    ...(hint === undefined ? {} : { hint }),
  };
}

function placeOf({ line, column, length }: Spot, file: string, lines: readonly string[]): Place {
  const text = lines[line] ?? '';
  return { file, line: line + 1, column: column + 1, text, ...(length === undefined ? {} : { length }) };
}

function explain(reason: string, lines: readonly string[], mark: Spot | undefined): Explained {
  if (mark === undefined) return withoutMark(reason, lines);
  if (reason.startsWith('null byte')) {
    const at = lines.findIndex((text) => text.includes('\0'));
    return { message: 'a null byte stands in the file', at: { line: at, column: lines[at]!.indexOf('\0') } };
  }
  const line = lines[mark.line] ?? '';
  if (reason.startsWith('tab characters')) {
    const length = /^\s*/.exec(line)![0].length;
    const at = { line: mark.line, column: 0, length };
    return { message: 'a line is indented with a tab', hint: 'YAML is indented with spaces only', at };
  }
  const alias = /^unidentified alias "(.+)"/.exec(reason)?.[1];
  if (alias !== undefined) {
    const hint = `"&${alias}" has to stand before it, in the same file`;
    return {
      message: `there is no anchor for the alias "*${alias}"`,
      hint,
      at: wordIn(`*${alias}`, line, mark),
    };
  }
  const tag = /^unknown tag !<(.+)>/.exec(reason)?.[1];
  if (tag !== undefined) {
    const hint = 'a text that begins with ! needs quotes';
    return { message: `unknown tag "${tag}"`, hint, at: wordIn(tag, line, mark) };
  }
  return bracketOrQuote(reason, lines, mark) ?? indentation(reason, line, mark) ?? plainly(reason);
}

function plainly(reason: string): Explained {
  return { message: `the YAML is not well formed: ${reason}` };
}

/** The parser gives no mark for a stream of several documents. */
function withoutMark(reason: string, lines: readonly string[]): Explained {
  if (!reason.startsWith('expected a single document')) return plainly(reason);
  const first = lines.findIndex((line) => line.trim() !== '' && !/^(?:---|#|%)/.test(line));
  const second = lines.findIndex((line, index) => index > first && line.startsWith('---'));
  const at = second < 0 ? undefined : { line: second, column: 0, length: 3 };
  return {
    message: 'a second document begins in the file',
    hint: 'only one can be read: take the line out',
    at,
  };
}

function bracketOrQuote(reason: string, lines: readonly string[], mark: Spot): Explained | null {
  if (!/flow collection|quoted scalar/.test(reason)) return null;
  const open = openAt(lines, mark);
  if (open === null) return null;
  const { character, ...at } = open;
  return { message: `${character === '"' ? `'"'` : `"${character}"`} is not closed`, at };
}

function indentation(reason: string, line: string, mark: Spot): Explained | null {
  if (!/bad indentation|multiline key/.test(reason)) return null;
  const rest = line.slice(mark.column);
  const start = /^[%@`]/.exec(rest)?.[0];
  if (start !== undefined) {
    const at = { ...mark, length: rest.trimEnd().length };
    return { message: `a text cannot begin with ${start} here`, hint: `put quotes around it`, at };
  }
  const value = /^\s*(?:- )*[^\s'"[{#][^:]*:\s+(?=[^\s'"[{|>&*!])(?=.*:(?:\s|$))/.exec(line);
  if (value !== null) {
    const column = value[0].length;
    const at = { line: mark.line, column, length: line.trimEnd().length - column };
    return { message: 'a text with ": " in it needs quotes', at };
  }
  const column = /^\s*/.exec(line)![0].length;
  const at = { line: mark.line, column, length: line.trimEnd().length - column };
  if (reason.includes('multiline key'))
    return { message: 'a line without a key', hint: 'a key is followed by a colon and a space', at };
  const hint = 'its first letter has to be below that of a line that it belongs with';
  return { message: 'the line is indented like none of those above', hint, at };
}

/** Where a word is in the line that the parser was in, or in what it had read of it. */
function wordIn(word: string, line: string, mark: Spot): Spot | undefined {
  const column = line.lastIndexOf(word, mark.column);
  return column < 0 ? undefined : { line: mark.line, column, length: word.length };
}

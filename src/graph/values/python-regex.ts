import { translateRegex } from './python-regex-syntax.ts';

/** A regular expression that Python would refuse, or that uses what has no counterpart here. */
export class PythonRegexError extends Error {
  override readonly name = 'PythonRegexError';
}

const compiled = new Map<string, RegExp | PythonRegexError>();

/**
 * Matches a Python regular expression at the start of a text, as `re.match` does; the end is free.
 * Throws PythonRegexError.
 */
export function pythonMatch(pattern: string, text: string): RegExpExecArray | null {
  const regex = compile(pattern);
  regex.lastIndex = 0;
  return regex.exec(text);
}

/** As {@link pythonMatch} of `pattern` and a `$` behind it; the message of the error is of the pattern alone. */
export function matchesAsWhole(pattern: string, text: string): boolean {
  try {
    return pythonMatch(`${pattern}$`, text) !== null;
  } catch (error) {
    if (!(error instanceof PythonRegexError)) throw error;
    const { message } = error;
    throw new PythonRegexError(
      message.replace(`"${pattern}$"`, () => `"${pattern}"`),
      { cause: error },
    );
  }
}

/** What is wrong with a regular expression; null when nothing is. */
export function regexMistake(pattern: string): string | null {
  try {
    compile(pattern);
    return null;
  } catch (error) {
    if (!(error instanceof PythonRegexError)) throw error;
    return error.message;
  }
}

function compile(pattern: string): RegExp {
  let found = compiled.get(pattern);
  if (!found) {
    found = compileAnew(pattern);
    compiled.set(pattern, found);
  }
  if (found instanceof PythonRegexError) throw found;
  return found;
}

function compileAnew(pattern: string): RegExp | PythonRegexError {
  try {
    const { source, ignoreCase } = translateRegex(pattern);
    return new RegExp(source, ignoreCase ? 'viy' : 'vy');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const reason = error.message.replace(/^Invalid regular expression: .*: /s, '');
    return new PythonRegexError(`"${pattern}" is not a regular expression: ${reason}`, { cause: error });
  }
}

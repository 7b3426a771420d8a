interface Opening {
  /** from 0 */
  readonly line: number;
  readonly column: number;
  readonly character: string;
}

/**
 * The bracket or quote that is open where a parser gave up: the outermost bracket of several, since lines of a block
 * that end in one are rare. Null when nothing is.
 */
export function openAt(
  lines: readonly string[],
  end: { readonly line: number; readonly column: number },
): Opening | null {
  const open: Opening[] = [];
  let quote: Opening | null = null;
  for (const [index, text] of lines.slice(0, end.line + 1).entries()) {
    const stop = index === end.line ? end.column : text.length;
    for (let column = 0; column < stop; column++) {
      const character = text[column]!;
      if (quote !== null) {
        if (character === '\\' && quote.character === '"') column++;
        else if (character === quote.character) quote = null;
        continue;
      }
      const before = text.slice(0, column).trimEnd();
      const startsValue = before === '' || /[:,?[{-]$/.test(before);
      if (character === '#' && /(?:^|\s)$/.test(text.slice(0, column))) break;
      const here = { line: index, column, character };
      if ((character === '"' || character === "'") && startsValue) quote = here;
      else if ((character === '[' || character === '{') && (startsValue || open.length > 0)) open.push(here);
      else if (character === ']' || character === '}') open.pop();
    }
  }
  return quote ?? open[0] ?? null;
}

/** A place in a text file. Lines and columns count from 1; `length` is in UTF-16 units and stays on one line. */
export interface Place {
  /** path as the user would type it */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length?: number;
  /** the text of that line, without its line end */
  readonly text?: string;
}

/** A message about a file that a person wrote. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'note';
  /** what is wrong, one sentence without a full stop */
  readonly message: string;
  /** where; absent only when the origin of a value is not known */
  readonly place?: Place;
  /** a task label, a kind, a path in an object: what the message is about when the place is not enough */
  readonly about?: string;
  /** what to do, e.g. `did you mean "task-defaults"?` */
  readonly hint?: string;
  /** other places that belong to the message */
  readonly related?: readonly { readonly message: string; readonly place: Place }[];
}

/** Draws a diagnostic as lines of text: `file:line:column: error: message`, the line, a squiggle, the hint. */
export function drawDiagnostic(diagnostic: Diagnostic): string {
  const { severity, message, place, about, hint, related } = diagnostic;
  const where = place ? `${place.file}:${place.line}:${place.column}: ` : '';
  const subject = about === undefined ? '' : ` (${about})`;
  const lines = [`${where}${severity}: ${message}${subject}`];
  if (place) lines.push(...drawPlace(place));
  for (const other of related ?? []) {
    lines.push(`  ${other.place.file}:${other.place.line}:${other.place.column}: ${other.message}`);
    lines.push(...drawPlace(other.place).map((line) => `  ${line}`));
  }
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return printable(lines.join('\n'));
}

/** Without what a file could do to a terminal: control characters are shown as ones that cannot be shown. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, '\uFFFD');
}

const widestExcerpt = 160;

function drawPlace({ text, line, column, length = 1 }: Place): string[] {
  if (text === undefined) return [];
  const from = column > widestExcerpt - 20 ? column - 40 : 0;
  const shown = text.slice(from, from + widestExcerpt);
  const gutter = `  ${line} | `;
  const before = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ');
  const room = Math.max(1, shown.length - (column - 1 - from));
  const squiggle = '~'.repeat(Math.max(1, Math.min(length, room)));
  return [gutter + shown, `${' '.repeat(gutter.length - 2)}| ${before}${squiggle}`];
}

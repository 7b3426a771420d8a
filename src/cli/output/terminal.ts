/** Where messages for people go (standard error), and how much a reader can take. */
export interface Terminal {
  readonly colours: boolean;
  /** a progress line may be drawn over */
  readonly interactive: boolean;
  write(text: string): void;
}

export function standardError(env: NodeJS.ProcessEnv): Terminal {
  const interactive = process.stderr.isTTY && env['TERM'] !== 'dumb';
  return {
    interactive,
    colours: interactive && !env['NO_COLOR'],
    write: (text) => void process.stderr.write(text),
  };
}

const codes = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, grey: 90 } as const;
export type Colour = keyof typeof codes;

export function paint(text: string, colour: Colour, on: boolean): string {
  return on ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}

const escape = String.fromCharCode(27);
/** Control sequences but colours, titles and other commands of a terminal, lone escapes. */
const commands = new RegExp(
  `${escape}\\[(?![0-9;]*m)[0-?]*[ -/]*[@-~]|${escape}\\][^\\x07${escape}]*(?:\\x07|${escape}\\\\)?|${escape}[^\\[\\]]`,
  'g',
);
const controls = new RegExp(`(?![\\t\\n${escape}])\\p{Cc}`, 'gu');

/** A task's own output may hold anything: what moves the cursor or sets the terminal is taken out, colours stay. */
export function printable(line: string): string {
  return line.replace(commands, '').replace(controls, '');
}

/** Columns padded to the widest cell; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** `4.2 s`, `3 min 20 s`, `5 h`, `2 d`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

export function bytes(count: number): string {
  let value = count;
  for (const unit of ['B', 'KB', 'MB', 'GB']) {
    if (value < 1000) return `${value < 10 && unit !== 'B' ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1000;
  }
  return `${value.toFixed(1)} TB`;
}

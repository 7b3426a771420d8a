import { linePrefix } from './log.ts';

const room = 1 << 18;

export interface LinePrefixer {
  /** takes output as it comes; nothing is held back, so a line may arrive in parts */
  take(chunk: Buffer): void;
  /** closes a last line that has no newline */
  end(): void;
}

/**
 * Puts `[prefix time] ` in front of every line, byte for byte otherwise. LF, CR LF and a bare CR (as progress bars
 * use it) all end a line. The time is that of the line's first byte.
 */
export function createLinePrefixer(prefix: string, write: (bytes: Uint8Array) => void): LinePrefixer {
  let out = Buffer.allocUnsafe(room);
  let inLine = false;
  let afterCr = false;

  // Strings of one byte a character: the engine replaces in them faster than we can copy line by line.
  function take(chunk: Buffer): void {
    const whole = chunk.toString('latin1');
    const text = afterCr && whole.startsWith('\n') ? whole.slice(1) : whole;
    if (whole !== '') afterCr = whole.endsWith('\r');
    if (text === '') return;
    const mark = linePrefix(prefix); // without `$`, which would mean something in a replacement
    const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
    const complete = lines.endsWith('\n');
    const start = inLine ? '' : mark;
    inLine = !complete;
    const content = complete ? lines.slice(0, -1) : lines;
    flush(`${start}${content.replaceAll('\n', `\n${mark}`)}${complete ? '\n' : ''}`);
  }

  function flush(text: string): void {
    if (text.length > out.length) out = Buffer.allocUnsafe(text.length);
    write(out.subarray(0, out.write(text, 'latin1')));
  }

  function end(): void {
    if (inLine) flush('\n');
    inLine = false;
  }

  return { take, end };
}

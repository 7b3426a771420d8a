import { linePrefix } from './log.ts';

export interface LinePrefixer {
  /** takes output as it comes; nothing is held back, so a line may arrive in parts */
  take(chunk: Buffer): void;
  /** closes a last line that has no newline */
  end(): void;
}

const [lf, cr, space] = [0x0a, 0x0d, 0x20];
const word = 4;
/** When so much is there it is written, though more may come. */
const room = 1 << 18;
/** Between two looks at how much is there. */
const piece = 1 << 12;

/**
 * Puts `[prefix time] ` in front of every line, byte for byte otherwise. LF, CR LF and a bare CR (as progress bars
 * use it) all end a line. The time is that of the line's first byte. What `write` gets is good until it returns.
 */
export function createLinePrefixer(prefix: string, write: (bytes: Uint8Array) => void): LinePrefixer {
  const most = piece * (linePrefixBytes(prefix).length + 1);
  const out = Buffer.allocUnsafeSlow(room + most + 2 * word);
  const to = viewOf(out);
  let inLine = false;
  let afterCr = false;

  // Two words at a time, in one loop: a call for each line, or strings, take twice as long.
  function take(chunk: Buffer): void {
    const mark = linePrefixBytes(prefix);
    const markWords = viewOf(Buffer.concat([mark, Buffer.alloc(word)]));
    const from = viewOf(chunk);
    let at = afterCr && chunk[0] === lf ? 1 : 0;
    let filled = 0;
    let isIn = inLine;
    while (at < chunk.length) {
      const end = Math.min(at + piece, chunk.length);
      const lastWords = Math.min(end, chunk.length - 2 * word);
      while (at < end) {
        if (!isIn) {
          for (let part = 0; part < mark.length; part += word) {
            to.setInt32(filled + part, markWords.getInt32(part, true), true);
          }
          filled += mark.length;
        }
        for (; at <= lastWords; at += 2 * word, filled += 2 * word) {
          const first = from.getInt32(at, true);
          const second = from.getInt32(at + word, true);
          to.setInt32(filled, first, true);
          to.setInt32(filled + word, second, true);
          if (mayEndLine(first) || mayEndLine(second)) break;
        }
        let byte = space;
        for (; at < end && byte > cr; at++, filled++) {
          byte = chunk[at]!;
          out[filled] = byte;
        }
        if (byte === cr) {
          out[filled - 1] = lf;
          if (chunk[at] === lf) at += 1;
        }
        isIn = byte !== lf && byte !== cr;
      }
      if (filled < room && at < chunk.length) continue;
      write(out.subarray(0, filled));
      filled = 0;
    }
    inLine = isIn;
    if (chunk.length > 0) afterCr = chunk.at(-1) === cr;
  }

  function end(): void {
    if (inLine) write(Buffer.of(lf));
    inLine = false;
  }

  return { take, end };
}

/** Whether one of a word's four bytes is CR or below, as LF is. */
function mayEndLine(bytes: number): boolean {
  return ((bytes - 0x0e0e0e0e) & ~bytes & 0x80808080) !== 0;
}

function linePrefixBytes(prefix: string): Buffer {
  return Buffer.from(linePrefix(prefix));
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

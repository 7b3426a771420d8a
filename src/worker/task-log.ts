import { closeSync, openSync, writeSync } from 'node:fs';
import { isDiskFull } from '../base/files.ts';

/** A log that grows beyond this is cut, and says so. */
const largest = 1024 * 1024 * 1024;
const longestLine = 1024 * 1024;

/** What the task printed, and lines of the worker's own: a file, and line by line to whoever watches. */
export class TaskLog {
  readonly path: string;
  readonly #fd: number;
  readonly #tell: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #written = 0;
  #missing = 0;
  #line = '';

  constructor(path: string, tell: (line: string) => void) {
    this.path = path;
    this.#tell = tell;
    this.#fd = openSync(path, 'wx', 0o600);
  }

  write(chunk: Uint8Array): void {
    const before = this.#written;
    this.#written += chunk.length;
    if (before < largest) {
      this.#keep(chunk);
      if (this.#written >= largest)
        this.#keep(Buffer.from(`\n${stamp()} the log is longer than ${largest} bytes and ends here\n`));
    }
    this.#line += this.#decoder.decode(chunk, { stream: true });
    const lines = this.#line.split('\n');
    this.#line = lines.pop()!;
    for (const line of lines) this.#tell(line.replace(/\r$/, ''));
    if (this.#line.length > longestLine) this.#endLine();
  }

  /** On a full disk, which another task may have filled, nothing is kept, and how much is missing is said afterwards. */
  #keep(bytes: Uint8Array): void {
    let at = 0;
    try {
      if (this.#missing > 0) {
        const gap = `\n${stamp()} ${this.#missing} bytes are missing here: the disk was full\n`;
        writeSync(this.#fd, gap);
        this.#missing = 0;
      }
      while (at < bytes.length) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#missing += bytes.length - at;
    }
  }

  /** A line of the worker's own. */
  say(text: string): void {
    this.#endLine();
    this.write(Buffer.from(`${stamp()} ${text}\n`));
  }

  close(): void {
    this.#endLine();
    closeSync(this.#fd);
  }

  #endLine(): void {
    if (this.#line !== '') this.#tell(this.#line);
    this.#line = '';
  }
}

function stamp(): string {
  return `[caisson ${new Date().toISOString()}]`;
}

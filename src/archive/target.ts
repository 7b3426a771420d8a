import {
  chmodSync,
  closeSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { isErrno } from '../base/files.ts';
import { ArchiveError } from './archive-error.ts';

/** An archive that would unpack to more than this is a mistake or a trap. */
export const limits = { bytes: 256 * 2 ** 30, entries: 20_000_000 } as const;

const permissions = 0o777;

export interface FileSink {
  write(chunk: Uint8Array): void;
  close(): void;
}

/**
 * A folder that archives are unpacked into. Nothing outside of it is touched: names with `..` are refused, and so is a
 * way through a link that leads out, whoever made it. What is there gives way, but for directories. Modes are less
 * the process's umask, without set-user-id and the like; nobody gets ownership.
 */
export class Target {
  readonly #root: string;
  /** directories that were looked at, by the names that lead there */
  readonly #known = new Map<string, string>();
  readonly #later: { path: string; mode: number; modified: Date }[] = [];
  readonly #mask = process.umask();
  #bytes = 0;
  #entries = 0;

  constructor(root: string) {
    this.#root = realpathSync.native(root);
    this.#known.set('', this.#root);
  }

  addDirectory(name: string, mode: number, modified: Date): void {
    this.#count(name);
    const path = this.#enter(partsOf(name), name);
    this.#later.push({ path, mode: mode & permissions & ~this.#mask, modified });
  }

  addFile(name: string, mode: number, modified: Date): FileSink {
    this.#count(name);
    const path = this.#placeFor(name);
    const descriptor = this.#replacing(path, () => openSync(path, 'wx', mode & permissions));
    return {
      write: (chunk) => {
        this.#bytes += chunk.length;
        if (this.#bytes > limits.bytes) throw new ArchiveError(`${name}: more than ${limits.bytes} bytes`);
        for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
      },
      close: () => {
        futimesSync(descriptor, modified, modified);
        closeSync(descriptor);
      },
    };
  }

  addSymlink(name: string, target: string): void {
    this.#count(name);
    const path = this.#placeFor(name);
    this.#replacing(path, () => symlinkSync(target, path));
  }

  /** Another name for a file that was unpacked before. */
  addLink(name: string, existing: string): void {
    this.#count(name);
    const from = this.#placeFor(existing);
    const path = this.#placeFor(name);
    if (from === path) return;
    if (lstatSync(from, { throwIfNoEntry: false })?.isDirectory() !== false) {
      throw new ArchiveError(`${name}: a link to ${existing}, which is no file of the archive`);
    }
    this.#replacing(path, () => linkSync(from, path));
  }

  /** To be called at the end: modes and times of directories, which their contents would change. */
  finish(): void {
    for (const { path, mode, modified } of this.#later.toReversed()) {
      chmodSync(path, mode);
      utimesSync(path, modified, modified);
    }
  }

  #count(name: string): void {
    this.#entries += 1;
    if (this.#entries > limits.entries)
      throw new ArchiveError(`${name}: more than ${limits.entries} entries`);
  }

  #placeFor(name: string): string {
    const parts = partsOf(name);
    const last = parts.pop();
    if (last === undefined) throw new ArchiveError(`${JSON.stringify(name)} is no name`);
    return `${this.#enter(parts, name)}/${last}`;
  }

  /** The directory that names lead to, made where it is missing. */
  #enter(parts: readonly string[], name: string): string {
    const key = parts.join('/');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const parent = this.#enter(parts.slice(0, -1), name);
    const path = `${parent}/${parts.at(-1)}`;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) mkdirSync(path);
    // As the system does it: Node's own takes `..` after a link for a matter of text.
    const real = stats?.isSymbolicLink() ? realpathSync.native(path) : path;
    if (real !== this.#root && !real.startsWith(`${this.#root}/`)) {
      throw new ArchiveError(`${name}: ${path} is a link that leads out of ${this.#root}`);
    }
    // A link may change; what it led to is asked each time.
    if (real === path) this.#known.set(key, path);
    return real;
  }

  #replacing<T>(path: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      unlinkSync(path);
      return make();
    }
  }
}

/** As tar does: a leading slash means nothing. */
function partsOf(name: string): string[] {
  if (name.includes('\0')) throw new ArchiveError(`${JSON.stringify(name)} is no name`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new ArchiveError(`${name}: leads out of where it is unpacked`);
  return parts;
}

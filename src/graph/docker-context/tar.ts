import { compareCodePoints } from '../../base/hash.ts';

/** A regular file in an archive. */
export interface ArchiveEntry {
  readonly content: Uint8Array;
  readonly executable: boolean;
}

const block = 512;
/** 2016-01-01T00:00:00Z: every entry of every archive has this time. */
const modified = 1451606400;

/**
 * A GNU tar archive, in pieces, that depends on names, contents and x bits alone: entries in code-point order, root's,
 * modes 0644 and 0755, one time. Keys are paths in the archive; each content is asked for only when it is written.
 */
export function* archive(entries: ReadonlyMap<string, () => ArchiveEntry>): Generator<Uint8Array> {
  let size = 0;
  for (const name of [...entries.keys()].sort(compareCodePoints)) {
    const { content, executable } = entries.get(name)!();
    const header = entryHeader(name, content.length, executable);
    yield header;
    yield content;
    const padding = paddingOf(content.length, block);
    if (padding > 0) yield Buffer.alloc(padding);
    size += header.length + content.length + padding;
  }
  size += 2 * block;
  yield Buffer.alloc(2 * block + paddingOf(size, 20 * block));
}

function entryHeader(name: string, size: number, executable: boolean): Buffer {
  const bytes = Buffer.from(name);
  const mode = executable ? 0o755 : 0o644;
  if (bytes.length <= 100) return header(bytes, size, mode, modified, '0');
  const longName = Buffer.concat([bytes, Buffer.alloc(1)]);
  return Buffer.concat([
    header(Buffer.from('././@LongLink'), longName.length, 0, 0, 'L'),
    longName,
    Buffer.alloc(paddingOf(longName.length, block)),
    header(bytes.subarray(0, 100), size, mode, modified, '0'),
  ]);
}

function header(name: Buffer, size: number, mode: number, time: number, type: string): Buffer {
  const bytes = Buffer.alloc(block);
  name.copy(bytes);
  bytes.write(octal(mode, 7), 100);
  bytes.write(octal(0, 7), 108);
  bytes.write(octal(0, 7), 116);
  bytes.write(octal(size, 11), 124);
  bytes.write(octal(time, 11), 136);
  bytes.write(' '.repeat(8), 148);
  bytes.write(type, 156);
  bytes.write('ustar  ', 257);
  bytes.write(octal(0, 7), 329);
  bytes.write(octal(0, 7), 337);
  let sum = 0;
  for (const byte of bytes) sum += byte;
  bytes.write(`${octal(sum, 6)}\0 `, 148);
  return bytes;
}

function octal(value: number, digits: number): string {
  const text = value.toString(8).padStart(digits, '0');
  if (text.length > digits) throw new RangeError(`${value} does not fit into a header of an archive`);
  return text;
}

function paddingOf(length: number, unit: number): number {
  return (unit - (length % unit)) % unit;
}

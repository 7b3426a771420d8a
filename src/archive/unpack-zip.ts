import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, type ZipFile, fromBuffer, open } from 'yauzl';
import { ArchiveError } from './archive-error.ts';
import type { Target } from './target.ts';

const fileType = 0o170000;
const types = { none: 0, file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;
const unix = 3;

export interface ZipEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  /** zip knows no time zones: taken as UTC */
  readonly modified: Date;
  readonly size: number;
  /** what it holds; checks its sum at the end */
  content(): AsyncGenerator<Buffer>;
}

export async function unpackZip(file: string, target: Target, bytes: Buffer | null): Promise<void> {
  for await (const entry of zipEntries(file, bytes)) {
    if (entry.type === 'directory') target.addDirectory(entry.name, entry.mode, entry.modified);
    else if (entry.type === 'symlink') target.addSymlink(entry.name, await textOf(entry));
    else {
      const sink = target.addFile(entry.name, entry.mode, entry.modified);
      for await (const chunk of entry.content()) sink.write(chunk);
      sink.close();
    }
  }
}

/** The entries of a zip file, in the order of its directory; `bytes`: what would be in the file. */
export async function* zipEntries(file: string, bytes: Buffer | null = null): AsyncGenerator<ZipEntry> {
  const zip = await openZip(file, bytes);
  try {
    for (let entry = await nextEntry(zip); entry !== null; entry = await nextEntry(zip)) {
      yield describe(zip, entry);
    }
  } finally {
    zip.close();
  }
}

export async function textOf(entry: ZipEntry): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry.content()) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function describe(zip: ZipFile, entry: Entry): ZipEntry {
  const name = entry.fileName;
  const attributes = entry.versionMadeBy >>> 8 === unix ? entry.externalFileAttributes >>> 16 : 0;
  const kind = attributes & fileType;
  const type = typeOf(name, kind);
  const mode = attributes & 0o777 || (type === 'directory' ? 0o755 : 0o644);
  return {
    name,
    type,
    mode,
    modified: entry.getLastModDate({ timezone: 'UTC', forceDosFormat: true }),
    size: entry.uncompressedSize,
    async *content() {
      let sum = 0;
      for await (const chunk of await openContent(zip, entry)) {
        sum = crc32(chunk as Buffer, sum);
        yield chunk as Buffer;
      }
      if (sum !== entry.crc32) throw new ArchiveError(`${name}: its checksum is wrong`);
    },
  };
}

function typeOf(name: string, kind: number): ZipEntry['type'] {
  if (name.endsWith('/') || kind === types.directory) return 'directory';
  if (kind === types.symlink) return 'symlink';
  if (kind === types.file || kind === types.none) return 'file';
  throw new ArchiveError(`${name}: neither file, directory nor link (mode ${kind.toString(8)})`);
}

function openZip(file: string, bytes: Buffer | null): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    const options = { lazyEntries: true, autoClose: false, strictFileNames: false };
    const take = (error: Error | null, zip: ZipFile) => {
      if (error) reject(broken(file, error));
      else resolve(zip);
    };
    if (bytes === null) open(file, options, take);
    else fromBuffer(bytes, options, take);
  });
}

function nextEntry(zip: ZipFile): Promise<Entry | null> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      zip.off('entry', onEntry).off('end', onEnd).off('error', onError);
      act();
    };
    const onEntry = (entry: Entry) => settle(() => resolve(entry));
    const onEnd = () => settle(() => resolve(null));
    const onError = (error: Error) => settle(() => reject(broken('zip', error)));
    zip.on('entry', onEntry).on('end', onEnd).on('error', onError);
    zip.readEntry();
  });
}

function openContent(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) reject(broken(entry.fileName, error));
      else resolve(stream);
    });
  });
}

function broken(place: string, error: Error): Error {
  return 'syscall' in error ? error : new ArchiveError(`${place}: ${error.message}`, { cause: error });
}

import { createReadStream, renameSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Header, type Pack, extract, pack } from 'tar-stream';
import { ArchiveError } from './archive-error.ts';
import { compressZstd } from './compress.ts';
import { openArchive } from './open-archive.ts';
import { textOf, zipEntries } from './unpack-zip.ts';

export interface Repacking {
  /** leading parts of names that are dropped */
  readonly strip: number;
  readonly prefix: string;
  /** a file that is no archive becomes the only entry of one */
  readonly force: boolean;
}

/** Programs, by their first four bytes: ELF and Mach-O. */
const programs = new Set(['7f454c46', 'feedface', 'cefaedfe', 'feedfacf', 'cffaedfe', 'cafebabe']);

/** Makes a tar.zst of another archive. Directories get no entries when names change. Throws ArchiveError. */
export async function repack(from: string, to: string, how: Repacking): Promise<void> {
  if (!to.endsWith('.tar.zst')) throw new ArchiveError(`${to}: only .tar.zst archives can be made`);
  const archive = await openArchive(from);
  if (archive.kind === 'none' && !how.force) throw new ArchiveError(`${from} is no archive`);
  await writeZstd(to, (output) => {
    if (archive.kind === 'zip') return repackZip(from, output, how);
    if (archive.kind === 'none') return packFile(from, output, how);
    if (how.strip === 0 && how.prefix === '') return pipeline(archive.stream, output);
    return renameEntries(archive.stream, output, how);
  });
}

/** Writes a zstd file that appears whole or not at all. */
export async function writeZstd(
  to: string,
  fill: (output: NodeJS.WritableStream) => Promise<void>,
): Promise<void> {
  const partial = `${to}.tmp`;
  try {
    const { input, done } = compressZstd(partial);
    await Promise.all([fill(input), done]);
    renameSync(partial, to);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** Adds an entry and waits until it is taken. */
export async function addEntry(packing: Pack, header: Header, content: Readable | null): Promise<void> {
  if (content === null) {
    await new Promise<void>((resolve, reject) => {
      packing.entry(header, (error) => (error ? reject(error) : resolve()));
    });
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const entry = packing.entry(header, (error) => (error ? reject(error) : resolve()));
    content.on('error', reject);
    content.pipe(entry);
  });
}

/** A tar that `fill` adds entries to, written to `output`. */
export async function packInto(
  output: NodeJS.WritableStream,
  fill: (packing: Pack) => Promise<void>,
): Promise<void> {
  const packing = pack();
  const filled = fill(packing).then(
    () => packing.finalize(),
    (error: Error) => {
      packing.destroy(error);
      throw error;
    },
  );
  await Promise.all([pipeline(Readable.from(packing), output), filled]);
}

function renameEntries(stream: Readable, output: NodeJS.WritableStream, how: Repacking): Promise<void> {
  return packInto(output, async (packing) => {
    const entries = extract();
    stream.on('error', (error) => entries.destroy(error));
    stream.pipe(entries);
    for await (const entry of entries) {
      const { header } = entry;
      if (header.type === 'directory') {
        entry.resume();
        continue;
      }
      const renamed: Header = { ...header, name: newName(header.name, how) };
      // A hard link's target is a name of the archive, a symbolic one's is not.
      if (header.type === 'link') renamed.linkname = newName(header.linkname ?? '', how);
      const holds = header.type === 'file' || header.type === 'contiguous-file';
      if (!holds) entry.resume();
      await addEntry(packing, renamed, holds ? Readable.from(entry) : null);
    }
  });
}

function repackZip(from: string, output: NodeJS.WritableStream, how: Repacking): Promise<void> {
  return packInto(output, async (packing) => {
    for await (const entry of zipEntries(from)) {
      if (entry.type === 'directory') continue;
      const shared = { name: newName(entry.name, how), mode: entry.mode, mtime: entry.modified };
      if (entry.type === 'symlink') {
        await addEntry(packing, header({ ...shared, type: 'symlink', linkname: await textOf(entry) }), null);
      } else {
        await addEntry(packing, header({ ...shared, size: entry.size }), Readable.from(entry.content()));
      }
    }
  });
}

function packFile(from: string, output: NodeJS.WritableStream, how: Repacking): Promise<void> {
  return packInto(output, async (packing) => {
    const { size, mtime } = statSync(from);
    const mode = (await isProgram(from)) ? 0o755 : 0o644;
    const name = newName(basename(from), how);
    await addEntry(packing, header({ name, size, mtime, mode }), createReadStream(from));
  });
}

/** A header of whoever: archives that we make name no owners. */
export function header(fields: Partial<Header> & { name: string }): Header {
  return { uid: 0, gid: 0, type: 'file', ...fields } as Header;
}

async function isProgram(file: string): Promise<boolean> {
  for await (const chunk of createReadStream(file, { end: 3 }))
    return programs.has((chunk as Buffer).toString('hex'));
  return false;
}

function newName(name: string, { strip, prefix }: Repacking): string {
  const stripped = name.split('/').slice(strip).join('/');
  if (stripped === '') throw new ArchiveError(`${name}: stripping ${strip} components would remove files`);
  return `${prefix}${stripped}`;
}

import { ArchiveError } from './archive-error.ts';
import { release } from './decompress.ts';
import { openArchive } from './open-archive.ts';
import { Target } from './target.ts';
import { unpackTar } from './unpack-tar.ts';

/**
 * Unpacks zip, tar and compressed tar (gzip, bzip2, xz, zstd) into a directory, as its content says, not its name;
 * answers false for a file that is no archive. Throws ArchiveError for one that is broken or dangerous.
 * `bytes` are taken for what is in the file, which then need not be there; when true is answered they may be gone.
 */
export async function unpack(file: string, directory: string, bytes: Buffer | null = null): Promise<boolean> {
  const archive = await openArchive(file, bytes);
  if (archive.kind === 'none') return false;
  try {
    const target = new Target(directory);
    if (archive.kind === 'tar') await unpackTar(archive.stream, target);
    else await (await import('./unpack-zip.ts')).unpackZip(file, target, bytes);
    target.finish();
    if (archive.kind === 'tar' && archive.whole)
      for (const used of [archive.whole, bytes]) if (used) release(used);
  } catch (error) {
    if (!(error instanceof Error) || 'syscall' in error) throw error;
    throw new ArchiveError(`cannot unpack ${file}: ${error.message}`, { cause: error });
  }
  return true;
}

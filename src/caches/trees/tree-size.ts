import { lstat, readdir } from 'node:fs/promises';
import { isErrno } from '../../base/files.ts';

export interface TreeSize {
  /** on disk: blocks, not lengths */
  readonly bytes: number;
  /** everything but the root itself */
  readonly files: number;
}

const slash = Buffer.from('/');

/** Measures a tree without following links, whatever bytes its names are; null when it is moved away meanwhile. */
export async function measureTree(tree: string): Promise<TreeSize | null> {
  let bytes = 0;
  let files = 0;
  const seen = new Set<string>();
  const folders = [Buffer.from(tree)];
  try {
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
        const path = Buffer.concat([folder, slash, entry.name]);
        const stat = await lstat(path);
        const id = `${stat.dev}:${stat.ino}`;
        files += 1;
        if (stat.nlink === 1 || entry.isDirectory() || !seen.has(id)) bytes += stat.blocks * 512;
        if (stat.nlink > 1 && !entry.isDirectory()) seen.add(id);
        if (entry.isDirectory()) folders.push(path);
      }
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    if (!isErrno(error, 'EACCES')) throw error;
  }
  return { bytes, files };
}

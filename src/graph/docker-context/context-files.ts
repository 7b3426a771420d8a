import { lstatSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { isErrno } from '../../base/files.ts';
import { isUnreadable } from '../values/unreadable.ts';
import { git } from '../../base/git.ts';
import { DockerContextError } from './context-error.ts';
import type { ArchiveEntry } from './tar.ts';

/**
 * The files of a repository that belong to docker contexts: in a git repository those that are tracked or at least not
 * ignored, elsewhere all. Listings are kept; make a new one when files may have changed.
 */
export class ContextFiles {
  private readonly top: string;
  private readonly realTop: string;
  private readonly isGit: boolean;
  private readonly listings = new Map<string, readonly string[]>();

  constructor(repository: string) {
    this.top = repository;
    this.realTop = realpathSync(repository);
    this.isGit = exists(join(repository, '.git'));
  }

  /**
   * Paths, relative to `folder`, of all files below it; `folder` is relative to the repository's top. Files of Python's
   * caches are left out. Links to folders are not followed.
   */
  list(folder: string): string[] {
    const known = this.listingAbove(folder) ?? this.listAnew(folder);
    const prefix = folder === '' ? '' : `${folder}/`;
    return known
      .filter(
        (path) => path.startsWith(prefix) && !path.slice(prefix.length).split('/').includes('__pycache__'),
      )
      .map((path) => path.slice(prefix.length));
  }

  /** What is at a path relative to the repository's top; null when nothing is. Throws for links out of it. */
  kindOf(path: string): 'file' | 'folder' | null {
    const stats = this.stat(path);
    if (stats === null) return null;
    if (stats.isDirectory()) return 'folder';
    if (!stats.isFile()) throw new DockerContextError(`"${path}" is neither a file nor a folder`);
    return 'file';
  }

  read(path: string): ArchiveEntry {
    const stats = this.stat(path);
    if (stats === null) throw new DockerContextError(`there is no file "${path}"`);
    if ((stats.mode & 0o6000) !== 0) throw new DockerContextError(`"${path}" has the setuid or setgid bit`);
    return { content: readFileSync(join(this.top, path)), executable: (stats.mode & 0o100) !== 0 };
  }

  private stat(path: string): Stats | null {
    const full = join(this.top, path);
    try {
      const real = realpathSync(full);
      if (real !== this.realTop && !real.startsWith(this.realTop + sep)) {
        throw new DockerContextError(`"${path}" is a link to something outside of the repository`);
      }
      return statSync(full);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP') && exists(full))
        throw new DockerContextError(`"${path}" is a link that leads nowhere`, { cause: error });
      return null;
    }
  }

  private listingAbove(folder: string): readonly string[] | undefined {
    for (let above = folder; ; above = above.slice(0, Math.max(0, above.lastIndexOf('/')))) {
      const listing = this.listings.get(above);
      if (listing || above === '') return listing;
    }
  }

  private listAnew(folder: string): readonly string[] {
    const listing = this.isGit ? this.listWithGit(folder) : walk(join(this.top, folder), this.top);
    const files = listing.filter((path) => this.kindOf(path) === 'file');
    this.listings.set(folder, files);
    return files;
  }

  private listWithGit(folder: string): string[] {
    const pathspec = folder === '' ? '.' : `:(top,literal)${folder}`;
    const listed = git(
      ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', pathspec],
      this.top,
    )
      .split('\0')
      .filter((path) => path !== '');
    // A submodule, or a repository that is not one, is listed as its folder.
    return [...new Set(listed)].flatMap((path) => {
      const full = join(this.top, path);
      return isFolder(full) ? walk(full, this.top) : [path];
    });
  }
}

function walk(folder: string, top: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === '.git' || entry.name === '__pycache__' ? [] : walk(full, top);
    return [relative(top, full).split(sep).join('/')];
  });
}

function isFolder(path: string): boolean {
  return exists(path) && lstatSync(path).isDirectory();
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

import { type Stats, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isErrno } from '../base/files.ts';
import { isTemporaryRequirements } from '../caches/requirements-file.ts';
import { ExitError, exitCode } from './exit.ts';

/** Where caches and volumes are mounted. */
export interface Mounts {
  readonly caches: readonly string[];
  readonly volumes: readonly string[];
  /** the innermost cache or volume that a path is or lies in; null outside of them */
  around(path: string): string | null;
  /** true for a cache or volume other than `self` */
  isOther(path: string, self: string): boolean;
  /** the caches and volumes that lie below `path`, relative to it */
  below(path: string): string[];
}

/**
 * Reads the lists of the environment: `;`-separated, in any spelling (`a//b`, `a/`, relative), each path once. An empty
 * path is a mistake.
 * A link in front of the outermost mount belongs to the image and is resolved; below a cache nothing is resolved,
 * since links there are the work of tasks.
 */
export function readMounts(caches: string | undefined, volumes: string | undefined): Mounts {
  const cacheList = pathsOf(caches, 'TASKCLUSTER_CACHES');
  const volumeList = pathsOf(volumes, 'TASKCLUSTER_VOLUMES');
  const written = [...cacheList, ...volumeList];
  const place = (path: string) => (written.some((other) => isBelow(path, other)) ? path : realPlace(path));
  const cachePaths = [...new Set(cacheList.map(place))];
  const volumePaths = [...new Set(volumeList.map(place))];
  const all = new Set([...cachePaths, ...volumePaths]);
  return {
    caches: cachePaths,
    volumes: volumePaths,
    around(path) {
      for (let at = resolve(path); ; at = dirname(at)) {
        if (all.has(at)) return at;
        if (at === dirname(at)) return null;
      }
    },
    isOther: (path, self) => path !== self && all.has(path),
    below: (path) => [...all].flatMap((mount) => (isBelow(mount, path) ? relative(path, mount) : [])),
  };
}

/**
 * Names in a mounted directory that a task or image put there. None of it are the mount points of others, what a
 * killed run-task left while it wrote requirements, and the folder that a new file system comes with.
 */
export function contentOf(directory: string, mounts: Mounts): string[] {
  return readdirSync(directory).filter((name) => {
    const path = join(directory, name);
    if (mounts.isOther(path, directory)) return false;
    if (isTemporaryRequirements(name) && statusOf(path, false)?.isFile() === true) return false;
    if (name === 'lost+found' && isFileSystemsOwn(path)) return false;
    return mounts.below(path).length === 0 || !isDirectory(path) || contentOf(path, mounts).length > 0;
  });
}

/** Directories that lead from a mounted directory down to the mount points of others, outermost first. */
export function waysThrough(directory: string, mounts: Mounts): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    if (mounts.isOther(path, directory) || mounts.below(path).length === 0 || !isDirectory(path)) return [];
    return [path, ...waysThrough(path, mounts)];
  });
}

/** True for a directory that no link stands for; `through` lets a link of the image pass. */
export function isDirectory(path: string, through = false): boolean {
  return statusOf(path, through)?.isDirectory() ?? false;
}

function isFileSystemsOwn(path: string): boolean {
  const status = statusOf(path, false);
  return status !== null && status.isDirectory() && status.uid === 0 && (status.mode & 0o077) === 0;
}

function statusOf(path: string, through: boolean): Stats | null {
  try {
    return through ? statSync(path) : lstatSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return null;
    throw error;
  }
}

function pathsOf(list: string | undefined, variable: string): string[] {
  const paths = list?.split(';') ?? [];
  if (!paths.includes('')) return paths.map((path) => resolve(path));
  const message = `error: ${variable}="${list}" has an empty path, which is not a directory`;
  throw new ExitError(exitCode.error, message);
}

export function isBelow(path: string, ancestor: string): boolean {
  return path !== ancestor && path.startsWith(ancestor === '/' ? '/' : `${ancestor}/`);
}

function realPlace(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) throw error;
    return path === '/' ? path : join(realPlace(dirname(path)), basename(path));
  }
}

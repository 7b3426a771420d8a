import { type Stats, closeSync, fstatSync, lchownSync, lstatSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Owner, inside, openDirectory, settleDirectory } from './directory.ts';

/** What the walk leaves alone, with all in it: paths relative to the root (`a/b`). */
export type Skip = (path: string) => boolean;

interface Walk {
  readonly device: number;
  readonly owner: Owner;
  readonly skip: Skip;
  /** files with several names, by inode: how many names were met, and the last of them */
  readonly linked: Map<number, { met: number; readonly names: number; path: string }>;
}

/**
 * Gives a directory and all in it to `owner` and lets the owner into every directory. Links are changed, never
 * followed; other file systems and what is skipped stay as they are; a file with names outside of the tree,
 * which may be anybody's, stays too. Every step starts from an open directory, so that a process that renames
 * things meanwhile cannot lead us elsewhere.
 */
export function chownTree(root: string, owner: Owner, skip: Skip = () => false): void {
  const home = openDirectory('.');
  try {
    const directory = openDirectory(root);
    try {
      const walk: Walk = { device: fstatSync(directory).dev, owner, skip, linked: new Map() };
      chownContent(walk, directory, '');
      settleDirectory(directory, owner);
      for (const { met, names, path } of walk.linked.values()) {
        if (met === names) chownLinked(walk, directory, path);
      }
    } finally {
      closeSync(directory);
    }
  } finally {
    enter(home);
    closeSync(home);
  }
}

/** Gives one file, link or directory to `owner`; of a directory, not what is in it. */
export function chownOne(path: string, owner: Owner): void {
  if (!lstatSync(path).isDirectory()) {
    lchownSync(path, owner.uid, owner.gid);
    return;
  }
  const directory = openDirectory(path);
  try {
    settleDirectory(directory, owner);
  } finally {
    closeSync(directory);
  }
}

function chownContent(walk: Walk, directory: number, path: string): void {
  const below = path === '' ? '' : `${path}/`;
  const directories: string[] = [];
  // Names are looked up from the working directory: three times as fast as through /proc, and as safe.
  enter(directory);
  for (const name of readdirSync('.')) {
    if (walk.skip(`${below}${name}`)) continue;
    const stats = lstatSync(name);
    if (stats.isDirectory()) directories.push(name);
    else if (stats.nlink > 1) meetLinked(walk, stats, `${below}${name}`);
    else if (!isOwned(stats, walk.owner)) lchownSync(name, walk.owner.uid, walk.owner.gid);
  }
  for (const name of directories) chownDirectory(walk, inside(directory, name), `${below}${name}`);
}

function chownDirectory(walk: Walk, place: string, path: string): void {
  const directory = openDirectory(place);
  try {
    if (fstatSync(directory).dev !== walk.device) return;
    chownContent(walk, directory, path);
    settleDirectory(directory, walk.owner);
  } finally {
    closeSync(directory);
  }
}

function enter(directory: number): void {
  process.chdir(`/proc/self/fd/${directory}`);
}

function meetLinked(walk: Walk, stats: Stats, path: string): void {
  const met = walk.linked.get(stats.ino);
  if (met === undefined) walk.linked.set(stats.ino, { met: 1, names: stats.nlink, path });
  else {
    met.met += 1;
    met.path = path;
  }
}

function chownLinked(walk: Walk, root: number, path: string): void {
  let directory = openDirectory(inside(root, '.'));
  try {
    for (const name of dirname(path).split('/')) {
      const next = openDirectory(inside(directory, name));
      closeSync(directory);
      directory = next;
    }
    const name = path.slice(path.lastIndexOf('/') + 1);
    lchownSync(inside(directory, name), walk.owner.uid, walk.owner.gid);
  } finally {
    closeSync(directory);
  }
}

function isOwned(stats: Stats, owner: Owner): boolean {
  return stats.uid === owner.uid && stats.gid === owner.gid;
}

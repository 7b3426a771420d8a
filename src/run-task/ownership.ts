import { type Stats, closeSync, fstatSync, lchownSync, lstatSync, readdirSync } from 'node:fs';
import { type Owner, inside, openDirectory, settleDirectory } from './directory.ts';
import { type Assistant, startAssistant } from './ownership-assistant.ts';
import { type Sweeper, openSweeper } from './ownership-native.ts';

/** What the walk leaves alone, with all in it: paths relative to the root (`a/b`). */
export type Skip = readonly string[];

/** A name in a directory; bytes where it is not UTF-8. */
type Name = string | Buffer;
/** Names from the root down. */
type Way = readonly Name[];

interface Walk {
  readonly device: number;
  readonly owner: Owner;
  readonly skip: Skip;
  /** files with several names, by inode: how many names were met, and the last of them */
  readonly linked: Map<number, { met: number; readonly names: number; way: Way }>;
  /** does most of the work where we have it */
  readonly sweeper: Sweeper | null;
  /** shares what is left of large directories with us; null until it is worth its start */
  assistant: Assistant | null;
  seen: number;
}

/** A second thread costs as much as some thousand files. */
const worthAssistant = 5000;
const worthSharing = 24;

/**
 * Gives a directory and all in it to `owner` and lets the owner into every directory. Links are changed, never
 * followed; other file systems and what is skipped stay as they are; a file with names outside of the tree,
 * which may be anybody's, stays too. Every step starts from an open directory, so that a process that renames
 * things meanwhile cannot lead us elsewhere.
 */
export function chownTree(root: string, owner: Owner, skip: Skip = []): void {
  const home = openDirectory('.');
  try {
    const directory = openDirectory(root);
    const device = fstatSync(directory).dev;
    const sweeper = openSweeper(owner);
    const walk: Walk = { device, owner, skip, linked: new Map(), sweeper, assistant: null, seen: 0 };
    try {
      chownContent(walk, directory, []);
      settleDirectory(directory, owner);
      for (const { met, names, way } of walk.linked.values()) {
        if (met === names) chownLinked(walk, directory, way);
      }
    } finally {
      walk.sweeper?.dismiss();
      walk.assistant?.dismiss();
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

function chownContent(walk: Walk, directory: number, way: Way): void {
  for (const name of chownFiles(walk, directory, way)) {
    const below = openDirectory(inside(directory, name));
    try {
      if (fstatSync(below).dev !== walk.device) continue;
      chownContent(walk, below, [...way, name]);
      settleDirectory(below, walk.owner);
    } finally {
      closeSync(below);
    }
  }
}

/** Changes the files in a directory; answers the directories in it. */
function chownFiles(walk: Walk, directory: number, way: Way): Name[] {
  const prefix = way.length === 0 ? '' : `${way.join('/')}/`;
  const skipped = new Set(
    walk.skip.flatMap((path) => (path.startsWith(prefix) ? path.slice(prefix.length) : [])),
  );
  const swept = walk.sweeper?.sweep(directory, skipped) ?? null;
  const directories = swept?.directories.map(nameOf) ?? [];
  if (swept?.rest.length === 0) return directories;
  // Names are looked up from the working directory: three times as fast as through /proc, and as safe.
  enter(directory);
  const rest = swept?.rest.map(nameOf) ?? readNames().filter((name) => !skipped.has(String(name)));
  return [...directories, ...chownNames(walk, rest, way)];
}

function readNames(): Name[] {
  const names = readdirSync('.');
  if (!names.some((name) => name.includes('\ufffd'))) return names;
  return readdirSync('.', { encoding: 'buffer' }).map(nameOf);
}

function nameOf(bytes: Buffer): Name {
  const name = bytes.toString('utf8');
  return Buffer.from(name).equals(bytes) ? name : bytes;
}

/** Changes the files among names in the working directory; answers the directories. */
function chownNames(walk: Walk, names: Name[], way: Way): Name[] {
  walk.seen += names.length;
  if (walk.assistant === null && walk.seen > worthAssistant) walk.assistant = startAssistant(walk.owner);
  const chown = (some: readonly Name[]) => some.filter((name) => isDirectoryElseChown(walk, name, way));
  if (walk.assistant === null || names.length < worthSharing) return chown(names);
  const shares = walk.assistant.share(names);
  const directories: Name[] = [];
  let left: Name[] = [];
  try {
    for (let some = shares.next(); some.length > 0; some = shares.next()) directories.push(...chown(some));
  } finally {
    // Before we may go elsewhere: it works in the directory that we are in.
    left = shares.left();
  }
  return [...directories, ...chown(left)];
}

function isDirectoryElseChown(walk: Walk, name: Name, way: Way): boolean {
  const stats = lstatSync(name, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (stats.isDirectory()) return true;
  if (stats.nlink > 1) meetLinked(walk, stats, [...way, name]);
  else if (!isOwned(stats, walk.owner)) lchownSync(name, walk.owner.uid, walk.owner.gid);
  return false;
}

function enter(directory: number): void {
  process.chdir(`/proc/self/fd/${directory}`);
}

function meetLinked(walk: Walk, stats: Stats, way: Way): void {
  const met = walk.linked.get(stats.ino);
  if (met === undefined) walk.linked.set(stats.ino, { met: 1, names: stats.nlink, way });
  else {
    met.met += 1;
    met.way = way;
  }
}

function chownLinked(walk: Walk, root: number, way: Way): void {
  let directory = openDirectory(inside(root, '.'));
  try {
    for (const name of way.slice(0, -1)) {
      const next = openDirectory(inside(directory, name));
      closeSync(directory);
      directory = next;
    }
    lchownSync(inside(directory, way.at(-1) ?? '.'), walk.owner.uid, walk.owner.gid);
  } finally {
    closeSync(directory);
  }
}

function isOwned(stats: Stats, owner: Owner): boolean {
  return stats.uid === owner.uid && stats.gid === owner.gid;
}

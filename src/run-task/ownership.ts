import { type Stats, closeSync, fstatSync, lchownSync, lstatSync, readdirSync } from 'node:fs';
import { type Owner, inside, openDirectory, settleDirectory } from './directory.ts';
import { type Loan, type Sweeper, openSweeper } from './ownership-native.ts';

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
}

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
    const walk: Walk = { device, owner, skip, linked: new Map(), sweeper: openSweeper(owner, device) };
    try {
      chownContent(walk, directory, [], true);
      settleDirectory(directory, owner);
      for (const { met, names, way } of walk.linked.values()) {
        if (met === names) chownLinked(walk, directory, way);
      }
    } finally {
      walk.sweeper?.dismiss();
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

interface Lent {
  readonly way: Way;
  readonly directory: number;
  readonly loan: Loan;
}

/** `share`: other threads may do directories in it. */
function chownContent(walk: Walk, directory: number, way: Way, share: boolean): void {
  const lent = new Set<Lent>();
  const collect = (isWanted: (loan: Loan) => boolean) => {
    for (const one of lent) {
      if (!isWanted(one.loan)) continue;
      lent.delete(one);
      // What was left once would be left again.
      const again = one.loan.takeBack() ? share : one.loan.wait() ? null : false;
      chownAndClose(walk, one.directory, one.way, again);
    }
  };
  const names = chownFiles(walk, directory, way);
  try {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const below = openBelow(walk, directory, name);
      if (below === null) continue;
      const wayBelow = [...way, name];
      const isWorth = share && names.length > 0 && !holdsSkipped(walk, wayBelow);
      const loan = isWorth ? (walk.sweeper?.lend(below) ?? null) : null;
      if (loan === null) chownAndClose(walk, below, wayBelow, share);
      else lent.add({ way: wayBelow, directory: below, loan });
      collect((one) => one.isOver());
    }
    collect((loan) => loan.takeBack());
    collect(() => true);
  } finally {
    for (const one of lent) {
      // Until then another thread may use the number, which must not become another file's.
      if (!one.loan.takeBack()) one.loan.wait();
      closeSync(one.directory);
    }
  }
}

/** `share` null: what is in it is done. */
function chownAndClose(walk: Walk, directory: number, way: Way, share: boolean | null): void {
  try {
    if (share !== null) chownContent(walk, directory, way, share);
    settleDirectory(directory, walk.owner);
  } finally {
    closeSync(directory);
  }
}

/** Null on another file system. */
function openBelow(walk: Walk, directory: number, name: Name): number | null {
  const below = openDirectory(inside(directory, name));
  if (fstatSync(below).dev === walk.device) return below;
  closeSync(below);
  return null;
}

function holdsSkipped({ skip }: Walk, way: Way): boolean {
  const prefix = `${way.join('/')}/`;
  return skip.some((path) => path.startsWith(prefix));
}

/** Changes the files in a directory; answers the directories in it. */
function chownFiles(walk: Walk, directory: number, way: Way): Name[] {
  const prefix = way.length === 0 ? '' : `${way.join('/')}/`;
  const skipped = walk.skip.flatMap((path) => (path.startsWith(prefix) ? path.slice(prefix.length) : []));
  const swept = walk.sweeper?.sweep(directory, new Set(skipped)) ?? null;
  if (swept?.rest.length === 0) return swept.directories.map(nameOf);
  // Names are looked up from the working directory: three times as fast as through /proc, and as safe.
  enter(directory);
  const rest = swept?.rest.map(nameOf) ?? readNames().filter((name) => !skipped.includes(String(name)));
  const directories = rest.filter((name) => isDirectoryElseChown(walk, name, way));
  return swept === null ? directories : [...swept.directories.map(nameOf), ...directories];
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

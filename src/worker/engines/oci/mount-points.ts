import { linkSync, lstatSync, mkdirSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fail } from '../../../base/failure.ts';
import { liesIn } from '../areas.ts';
import type { OverlayMount } from '../../../caches/store.ts';
import type { Mount } from '../engine.ts';
import { worker } from './accounts.ts';
import { makeDirectory, makeFile, ownedByWorker } from './entry.ts';
import { bindDirectory, bindFile, inMountOrder, layered, mapped, type OciMount, overlay } from './mount.ts';

/** What is behind a path of the container. */
interface Place {
  readonly inside: string;
  /** a directory of ours, where mount points can be made; null for what belongs to the host, or to tasks */
  readonly own: string | null;
  /** a directory of the host, shown read-only; below ours where there are both */
  readonly host: string | null;
}

/** Where the kernel's file systems are; nothing else can be mounted there. */
const reserved = ['/proc', '/sys', '/dev'];
const mostLinks = 40;

/**
 * The mounts of a container, and the mount points for them. A mount point that is not there is made; where it lies in a
 * read-only directory of the host, in a directory of ours that is laid over that one.
 */
export class MountPoints {
  readonly mounts: OciMount[] = [];
  /** directories that are of no concern to the task */
  readonly hidden: string[] = [];
  readonly #first: OciMount[] = [];
  readonly #root: string;
  readonly #scratch: string;
  readonly #places: Place[];
  #layers = 0;

  constructor(scratch: string, root: string) {
    this.#root = root;
    this.#scratch = scratch;
    this.#places = [{ inside: '/', own: root, host: null }];
  }

  /** Parents before what lies in them, and before these what others are made of. */
  get inOrder(): OciMount[] {
    return [...this.#first, ...inMountOrder(this.mounts)];
  }

  /** Shows a directory of the host, read-only. Its mount point is there. */
  show(inside: string, path: string): void {
    this.mounts.push(bindDirectory(path, inside, true));
    this.#places.push({ inside, own: null, host: path });
  }

  /** Mounts a new directory in scratch that the task may write to. Its mount point is there. */
  own(inside: string, path: string): void {
    this.mounts.push(bindDirectory(path, inside, false));
    this.#places.push({ inside, own: path, host: null });
  }

  /**
   * Changes a shown directory: empty files in the place of what is hidden, and files of our own. By name, hence for good:
   * a mount over a file of the host would vanish when somebody replaces that file.
   */
  change(inside: string, hidden: readonly string[], files: ReadonlyMap<string, string>): void {
    const place = this.#layOver(inside);
    const empty = join(this.#scratch, 'empty');
    makeFile(empty, '', 0o444);
    for (const name of hidden.filter((other) => !files.has(other))) {
      makeParents(place.own, name);
      linkSync(empty, join(place.own, name));
    }
    for (const [name, text] of files) makeFile(join(place.own, name), text, 0o644);
  }

  /** Mounts what a task asked for; the place in the container, without links. */
  place({ source, target, readOnly, layers }: Mount): string {
    if (!posix.isAbsolute(target)) refuse(target, 'the path is not absolute');
    const stat = statSync(source);
    if (!stat.isDirectory() && !stat.isFile()) refuse(target, `${source} is neither a directory nor a file`);
    const inside = this.#mountPoint(posix.normalize(target), stat.isDirectory());
    if (inside === '/' || reserved.some((directory) => liesIn(inside, directory)))
      refuse(target, 'the place is taken');
    if (this.#places.some((place) => isRequested(place) && place.inside === inside)) {
      refuse(target, 'something else is mounted there');
    }
    if (layers) this.mounts.push(layered(this.#withOwners(layers), inside));
    else this.mounts.push((stat.isDirectory() ? bindDirectory : bindFile)(source, inside, readOnly));
    this.#places.push({ inside, own: null, host: null });
    return inside;
  }

  /** The layers with their owners as the task is to see them, mounted in a directory that is hidden from it. */
  #withOwners(layers: OverlayMount): OverlayMount {
    if (layers.owners === undefined) return layers;
    const folder = `/.layers-${this.hidden.length}`;
    const own = makeDirectory(join(this.#root, folder), 0o700);
    // The runtime works in scratch; from there the names are short enough for the options of a mount.
    const path = posix.relative(this.#scratch, own);
    const { names, mounts, layers: shown } = mapped(layers, layers.owners, { folder, path });
    for (const name of names) makeDirectory(join(own, name), 0o700);
    this.hidden.push(folder);
    this.#first.push(...mounts);
    return shown;
  }

  /** Follows a path in the container, making what is missing; only links of the host and of ours are met on the way. */
  #mountPoint(target: string, directory: boolean): string {
    let inside = '/';
    let links = 0;
    const rest = namesIn(target);
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
      const next = posix.join(inside, name);
      const place = this.#innermost(next);
      // What is in there belongs to tasks: the runtime makes the mount point, and does not follow their links.
      if (isRequested(place)) return posix.join(next, ...rest);
      const found = lookUp(place, next);
      if (found?.stat.isSymbolicLink()) {
        const text = readlinkSync(found.path);
        if (++links > mostLinks) refuse(target, 'too many symbolic links');
        if (posix.isAbsolute(text)) inside = '/';
        rest.unshift(...namesIn(text));
        continue;
      }
      const wantsDirectory = rest.length > 0 || directory;
      if (found === null) this.#make(inside, next, wantsDirectory);
      else if (found.stat.isDirectory() !== wantsDirectory) refuse(target, `${next} is in the way`);
      inside = next;
    }
    return inside;
  }

  #make(parent: string, inside: string, directory: boolean): void {
    const place = this.#innermost(parent);
    const { own, inside: top } = place.own === null ? this.#layOver(parent) : { ...place, own: place.own };
    const below = posix.relative(top, inside);
    makeParents(own, below);
    const path = join(own, below);
    if (directory) makeDirectory(path, 0o755);
    else makeFile(path, '', 0o644);
    // Tasks expect to write beside what is mounted in their home.
    if (liesIn(inside, worker.home) || liesIn(inside, '/workspace')) ownedByWorker(path);
  }

  /** Lays a new directory of ours over a directory of the host. */
  #layOver(inside: string): Place & { readonly own: string } {
    const { host, inside: top } = this.#innermost(inside);
    if (host === null) throw new Error(`nothing of the host is at ${inside}`);
    const own = join(this.#scratch, 'layers', String(this.#layers++));
    mkdirSync(dirname(own), { recursive: true });
    makeDirectory(own, 0o755);
    const lower = join(host, posix.relative(top, inside));
    const place = { inside, own, host: lower };
    this.mounts.push(overlay(own, lower, inside));
    this.#places.push(place);
    return place;
  }

  /** Of two at one place the later one, as the kernel has it. */
  #innermost(inside: string): Place {
    let found = this.#places[0]!;
    for (const place of this.#places) {
      if (liesIn(inside, place.inside) && place.inside.length >= found.inside.length) found = place;
    }
    return found;
  }
}

function isRequested({ own, host }: Place): boolean {
  return own === null && host === null;
}

function lookUp(place: Place, inside: string): { path: string; stat: Stats } | null {
  for (const directory of [place.own, place.host]) {
    if (directory === null) continue;
    const path = join(directory, posix.relative(place.inside, inside));
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat) return { path, stat };
  }
  return null;
}

function makeParents(directory: string, below: string): void {
  let path = directory;
  for (const name of namesIn(dirname(below))) {
    path = join(path, name);
    if (!lstatSync(path, { throwIfNoEntry: false })) makeDirectory(path, 0o755);
  }
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function refuse(target: string, why: string): never {
  fail('unavailable', `the oci engine cannot mount anything at ${target}: ${why}`);
}

import { createHash } from 'node:crypto';
import {
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** One thing that a system call did, paths absolute. */
export type Change = { readonly path: string } & (
  | {
      readonly kind: 'open';
      create: boolean;
      truncate: boolean;
      append: boolean;
      mode: number;
      uid: number;
      gid: number;
    }
  | { readonly kind: 'mkdir'; mode: number; uid: number; gid: number }
  | { readonly kind: 'rename'; to: string }
  | { readonly kind: 'remove' }
  | { readonly kind: 'link'; from: string }
  | { readonly kind: 'symlink'; target: string; uid: number; gid: number }
  | { readonly kind: 'write'; data: Buffer; at: number | null }
  | { readonly kind: 'seek'; at: number }
  | { readonly kind: 'truncate'; size: number }
  | { readonly kind: 'chmod'; mode: number }
  | { readonly kind: 'chown'; uid: number; gid: number }
  | { readonly kind: 'sync' }
  /** of the whole file system */
  | { readonly kind: 'sync-all' }
  /** to a pipe: somebody has seen it, and relies on what it says */
  | { readonly kind: 'told'; text: string }
);

interface Node {
  type: 'file' | 'directory' | 'link';
  data: Buffer;
  position: number;
  mode: number;
  uid: number;
  gid: number;
  target: string;
  readonly entries: Map<string, Node>;
}

/** A directory tree in memory that changes as system calls change one on disk. */
export class Disk {
  readonly root: string;
  readonly top: Node;

  constructor(root: string, top: Node = makeNode('directory', 0o755, 0, 0)) {
    this.root = root;
    this.top = top;
  }

  /** What a directory on the real disk holds. */
  static read(root: string): Disk {
    return new Disk(root, readNode(root, new Map()));
  }

  apply(change: Change): void {
    switch (change.kind) {
      case 'open': {
        let node = this.find(change.path);
        if (node === null && change.create) {
          node = this.put(change.path, makeNode('file', change.mode, change.uid, change.gid));
        }
        if (node === null) return;
        if (change.truncate) node.data = Buffer.alloc(0);
        node.position = change.append ? node.data.length : 0;
        return;
      }
      case 'mkdir':
        this.put(change.path, makeNode('directory', change.mode, change.uid, change.gid));
        return;
      case 'symlink': {
        const node = this.put(change.path, makeNode('link', 0o777, change.uid, change.gid));
        if (node !== null) node.target = change.target;
        return;
      }
      case 'rename': {
        const node = this.take(change.path);
        if (node !== null) this.put(change.to, node);
        return;
      }
      case 'link': {
        const node = this.find(change.from);
        if (node !== null) this.put(change.path, node);
        return;
      }
      case 'remove':
        this.take(change.path);
        return;
      case 'write':
      case 'seek':
      case 'truncate':
      case 'chmod':
      case 'chown':
      case 'sync': {
        const node = this.find(change.path);
        if (node !== null) changeNode(node, change);
        return;
      }
      case 'sync-all':
      case 'told':
    }
  }

  /** Makes the tree on the real disk, at a place where nothing is. */
  write(place: string): void {
    writeNode(this.top, place, new Map());
  }

  /** One line for each path, by which trees can be told apart. */
  lines(): string[] {
    return linesOf(this.top, '.').sort();
  }

  digest(): string {
    return createHash('sha256').update(this.lines().join('\n')).digest('hex');
  }

  private find(path: string): Node | null {
    let node: Node | undefined = this.top;
    for (const name of this.names(path)) node = node?.entries.get(name);
    return node ?? null;
  }

  private put(path: string, node: Node): Node | null {
    const parent = this.find(dirname(path));
    parent?.entries.set(basename(path), node);
    return parent === null ? null : node;
  }

  private take(path: string): Node | null {
    const parent = this.find(dirname(path));
    const node = parent?.entries.get(basename(path)) ?? null;
    parent?.entries.delete(basename(path));
    return node;
  }

  private names(path: string): string[] {
    const below = relative(this.root, path);
    if (below.startsWith('..')) return ['\0outside'];
    return below.split('/').filter(Boolean);
  }
}

function changeNode(
  node: Node,
  change: Extract<Change, { kind: 'write' | 'seek' | 'truncate' | 'chmod' | 'chown' | 'sync' }>,
): void {
  switch (change.kind) {
    case 'write': {
      const at = change.at ?? node.position;
      node.data = resized(node.data, Math.max(node.data.length, at + change.data.length));
      change.data.copy(node.data, at);
      if (change.at === null) node.position = at + change.data.length;
      return;
    }
    case 'seek':
      node.position = change.at;
      return;
    case 'truncate':
      node.data = resized(node.data, change.size);
      return;
    case 'chmod':
      node.mode = change.mode & 0o7777;
      return;
    case 'chown':
      node.uid = change.uid;
      node.gid = change.gid;
      return;
    case 'sync':
  }
}

/** A copy, since other disks may hold the same bytes. */
function resized(data: Buffer, size: number): Buffer {
  const copy = Buffer.alloc(size);
  data.copy(copy);
  return copy;
}

function makeNode(type: Node['type'], mode: number, uid: number, gid: number): Node {
  return { type, data: Buffer.alloc(0), position: 0, mode, uid, gid, target: '', entries: new Map() };
}

/** Files with several names are one node. */
function readNode(path: string, known: Map<number, Node>): Node {
  const stats = lstatSync(path);
  const met = known.get(stats.ino);
  if (met !== undefined) return met;
  const type = stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'link';
  const node = makeNode(type, stats.mode & 0o7777, stats.uid, stats.gid);
  known.set(stats.ino, node);
  if (type === 'file') node.data = readFileSync(path);
  else if (type === 'link') node.target = readlinkSync(path);
  else for (const name of readdirSync(path)) node.entries.set(name, readNode(join(path, name), known));
  return node;
}

function writeNode(node: Node, path: string, written: Map<Node, string>): void {
  const other = written.get(node);
  if (other !== undefined) {
    linkSync(other, path);
    return;
  }
  written.set(node, path);
  if (node.type === 'link') symlinkSync(node.target, path);
  else if (node.type === 'file') writeFileSync(path, node.data);
  else {
    mkdirSync(path);
    for (const [name, child] of node.entries) writeNode(child, join(path, name), written);
  }
  lchownSync(path, node.uid, node.gid);
  if (node.type !== 'link') chmodSync(path, node.mode);
}

function linesOf(node: Node, path: string): string[] {
  const content = node.type === 'file' ? createHash('sha256').update(node.data).digest('hex') : node.target;
  const own = `${path} ${node.type} ${node.mode.toString(8)} ${node.uid}:${node.gid} ${content}`;
  return [own, ...[...node.entries].flatMap(([name, child]) => linesOf(child, `${path}/${name}`))];
}

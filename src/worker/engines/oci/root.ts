import { mkdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Area } from '../areas.ts';
import type { Mount, SandboxRequest } from '../engine.ts';
import { accountFiles, worker } from './accounts.ts';
import { makeDirectory, ownedByWorker } from './entry.ts';
import type { Host } from './host.ts';
import { memory, type OciMount } from './mount.ts';
import { MountPoints } from './mount-points.ts';

/** A container's root file system: a directory of mount points in scratch, and what is mounted on them. */
export interface Root {
  readonly path: string;
  readonly mounts: readonly OciMount[];
  /** directories in it that the task must not look into */
  readonly hidden: readonly string[];
  /** where the task can write, or another mount hides such a place */
  readonly areas: readonly Area[];
}

/** Writable directories of the container's own. They lie on disk: big builds fit, and artifacts are read from them. */
const writable = ['builds', 'root', 'tmp', 'var', 'workspace'];
/** the same in memory: nothing large, nothing that is kept */
const inMemory = ['home', 'run'];
/** mount points for what the kernel provides */
const kernel = ['dev', 'proc', 'sys'];

/**
 * Puts the root file system of a container together. Everything that is created lies in scratch; what is shown of the
 * host is mounted when the container starts, in a mount namespace that ends with it.
 */
export function composeRoot(request: SandboxRequest, host: Host): Root {
  const { scratch } = request;
  const path = join(scratch, 'rootfs');
  makeDirectory(path, 0o755);
  for (const name of [...kernel, ...inMemory]) makeDirectory(join(path, name), 0o755);
  for (const [name, text] of host.links) symlinkSync(text, join(path, name));

  const points = new MountPoints(scratch, path);
  for (const directory of host.shown) {
    makeDirectory(join(path, directory), 0o755);
    points.show(directory, directory);
  }
  points.change('/etc', host.hiddenSettings, accountFiles('/bin/sh'));
  points.mounts.push(...inMemory.map((name) => memory(`/${name}`)));

  const areas: Area[] = [];
  for (const name of writable) {
    const source = join(scratch, 'private', name);
    makePrivate(source, name);
    makeDirectory(join(path, name), 0o755);
    points.own(`/${name}`, source);
    areas.push({ inside: `/${name}`, host: source });
  }
  for (const mount of [...outerFirst(request.mounts), ...nodeMount(host, request.mounts)]) {
    const inside = points.place(mount);
    areas.push({ inside, host: mount.readOnly ? null : mount.source });
  }
  return { path, mounts: points.inOrder, hidden: points.hidden, areas };
}

/** A mount that lies in another one is placed after it. */
function outerFirst(mounts: readonly Mount[]): Mount[] {
  return [...mounts].sort((a, b) => a.target.split('/').length - b.target.split('/').length);
}

/** Where Node is when it is not among the machine's tools. */
export const nodePlace = '/usr/local/bin/node';

/** Node, when it is not among the machine's tools: run-task needs it, and its script says `node`. */
function nodeMount({ node }: Host, mounts: readonly Mount[]): Mount[] {
  if (node === null || mounts.some((mount) => mount.target === nodePlace)) return [];
  return [{ source: node, target: nodePlace, readOnly: true }];
}

function makePrivate(path: string, name: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  makeDirectory(path, name === 'tmp' ? 0o1777 : name === 'root' ? 0o700 : 0o755);
  if (name === 'builds') ownedByWorker(makeDirectory(join(path, basename(worker.home)), 0o755));
  if (name === 'workspace') ownedByWorker(path);
  if (name === 'var') {
    for (const sub of ['cache', 'lib', 'log']) makeDirectory(join(path, sub), 0o755);
    makeDirectory(join(path, 'tmp'), 0o1777);
    symlinkSync('/run', join(path, 'run'));
  }
}

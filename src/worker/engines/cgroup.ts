import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ifThere, isErrno } from '../../base/files.ts';
import { signalProcess } from './proc.ts';

/** A control group that holds the processes of one sandbox: no process leaves it by starting a session. */
export interface Cgroup {
  readonly path: string;
}

const prefix = 'caisson-';
/** What a file system says that is read-only, not delegated to us, or has no room for another group. */
const refusals = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOSPC', 'EAGAIN', 'ENOTDIR', 'ENODEV'];

/** Makes a group below the one we are in, or null where this machine does not let us. */
export function createCgroup(id: string): Cgroup | null {
  for (const parent of ownCgroups()) {
    // Never one that is there: what is in it would be killed with ours.
    const path = join(parent, `${prefix}${id}-${randomBytes(4).toString('hex')}`);
    try {
      mkdirSync(path);
    } catch (error) {
      if (isErrno(error, ...refusals)) continue;
      throw error;
    }
    return { path };
  }
  return null;
}

/** The group that an earlier process made at `path`, or null when that is no group of ours or it is gone. */
export function openCgroup(path: string): Cgroup | null {
  if (!basename(path).startsWith(prefix)) return null;
  return statSync(join(path, 'cgroup.procs'), { throwIfNoEntry: false }) ? { path } : null;
}

/**
 * Moves a process in; its later children follow. False when it has ended or may not be moved.
 * The kernel can take 15 ms for this, hence not on the main thread.
 */
export async function enterCgroup(cgroup: Cgroup, pid: number): Promise<boolean> {
  try {
    await writeFile(join(cgroup.path, 'cgroup.procs'), String(pid));
    return true;
  } catch (error) {
    if (isErrno(error, 'ESRCH', ...refusals, 'EBUSY', 'EOPNOTSUPP', 'EINVAL')) return false;
    throw error;
  }
}

/** Also those in groups below it: a task may be a worker itself. */
export function processesIn(cgroup: Cgroup): number[] {
  return groupsOf(cgroup.path).flatMap((path) => {
    const pids = ifInGroup(() => readFileSync(join(path, 'cgroup.procs'), 'utf8')) ?? '';
    return pids
      .split('\n')
      .filter((line) => line !== '')
      .map(Number);
  });
}

/** Kills what is in the group; call it until `processesIn` is empty where the kernel cannot do it at once. */
export function killCgroup(cgroup: Cgroup): void {
  try {
    writeFileSync(join(cgroup.path, 'cgroup.kill'), '1', { flag: 'r+' });
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENODEV', 'EACCES', 'EOPNOTSUPP')) throw error;
    for (const pid of processesIn(cgroup)) signalProcess(pid, 'SIGKILL');
  }
}

/** Removes an empty group and the groups below it; one that was just emptied is busy for a moment. */
export async function removeCgroup(cgroup: Cgroup): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      for (const path of groupsOf(cgroup.path)) ifInGroup(() => rmdirSync(path));
      return;
    } catch (error) {
      if (!isErrno(error, 'EBUSY') || attempt === 100) throw error;
      await sleep(5);
    }
  }
}

/** The name of the groups that runc makes for a sandbox, below the root of every hierarchy. */
export function runcGroupOf(id: string): string {
  return prefix + id;
}

/** Removes those that a killed runc left; they are empty. */
export function removeRuncGroups(id: string): void {
  const mounts = ifInGroup(() => readFileSync('/proc/self/mountinfo', 'utf8')) ?? '';
  for (const line of mounts.split('\n').filter((other) => / - cgroup2? /.test(other))) {
    const path = join(line.split(' ')[4] ?? '', runcGroupOf(id));
    try {
      rmdirSync(path);
    } catch (error) {
      if (!isErrno(error, 'EBUSY', ...refusals)) throw error;
    }
  }
}

/** A group and all below it, those below first. */
function groupsOf(path: string): string[] {
  const entries = ifInGroup(() => readdirSync(path, { withFileTypes: true })) ?? [];
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  return [...below.flatMap(groupsOf), path];
}

/** Directories of the groups we are in: version 2 first, then those version 1 hierarchies that only count processes. */
function ownCgroups(): string[] {
  let mounts: string;
  let memberships: string;
  try {
    mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    memberships = readFileSync('/proc/self/cgroup', 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  const wanted = ['', 'pids', 'freezer', 'name=systemd'];
  const found = memberships.split('\n').flatMap((line) => {
    const [, controllers = '-', ...path] = line.split(':');
    const rank = wanted.indexOf(controllers);
    return rank < 0 ? [] : [{ rank, controllers, path: path.join(':') }];
  });
  found.sort((a, b) => a.rank - b.rank);
  return found.flatMap(({ controllers, path }) => mountedAt(mounts, controllers, path));
}

function mountedAt(mountinfo: string, controllers: string, path: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mountPoint = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    const fits =
      controllers === '' ? type === 'cgroup2' : type === 'cgroup' && options.split(',').includes(controllers);
    if (!fits) return [];
    // Seen from inside a container the mount shows only the part of the hierarchy below `root`.
    const below =
      root !== '/' && (path === root || path.startsWith(`${root}/`)) ? path.slice(root.length) : path;
    return [join(mountPoint, below)];
  });
}

/** Null where there is no such group, or no longer. */
function ifInGroup<T>(look: () => T): T | null {
  return ifThere(look, ['ENOENT', 'ENODEV']);
}

import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ifThere, isErrno } from '../../base/files.ts';
import { cgroupParents } from './cgroup-parents.ts';
import { signalProcess } from './proc.ts';

/** A control group that holds the processes of one sandbox: no process leaves it by starting a session. */
export interface Cgroup {
  readonly path: string;
}

const prefix = 'caisson-';
/** What a file system says that is read-only, not delegated to us, or has no room for another group. */
const refusals = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOSPC', 'EAGAIN', 'ENOTDIR', 'ENODEV'];

/**
 * Makes a group near the one we are in, where memory can be limited if there is such a place; null where this machine lets us
 * make none.
 */
export function createCgroup(id: string): Cgroup | null {
  for (const parent of cgroupParents()) {
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
 * The file to which a process with one thread writes 0 to enter. Version 1 can move a thread alone: for that the kernel does
 * not wait until no other process on the machine starts or ends, which takes it some 10 ms.
 */
export function entranceOf({ path }: Cgroup): string {
  const thread = join(path, 'tasks');
  return existsSync(thread) ? thread : join(path, 'cgroup.procs');
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

/** Those of them that are there. */
export function runcGroups(id: string): Cgroup[] {
  const mounts = ifInGroup(() => readFileSync('/proc/self/mountinfo', 'utf8')) ?? '';
  return mounts
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => ({ path: join(line.split(' ')[4] ?? '', runcGroupOf(id)) }))
    .filter(({ path }) => existsSync(path));
}

/** Removes them when they are empty. */
export function removeRuncGroups(id: string): void {
  for (const { path } of runcGroups(id)) {
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

/** Null where there is no such group, or no longer. */
function ifInGroup<T>(look: () => T): T | null {
  return ifThere(look, ['ENOENT', 'ENODEV']);
}

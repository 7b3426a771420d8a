import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ifThere, isErrno } from '../../base/files.ts';
import type { Cgroup } from './cgroup.ts';

/** By version of control groups: the file that takes a limit, and the one that counts processes killed for want of memory. */
const files = [
  { limit: 'memory.max', kills: 'memory.events' },
  { limit: 'memory.limit_in_bytes', kills: 'memory.oom_control' },
] as const;

/** Limits what the processes of a group may use together, when a limit is asked for; false where that is not possible. */
export function limitMemory(cgroup: Cgroup | null, bytes: number | undefined): boolean {
  if (bytes === undefined) return true;
  if (cgroup === null) return false;
  const { path } = cgroup;
  return files.some(({ limit }) => {
    try {
      writeFileSync(join(path, limit), String(bytes), { flag: 'r+' });
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EROFS')) return false;
      throw error;
    }
  });
}

/** How many processes of the group the kernel has killed for want of memory, be it the group's or the machine's. */
export function memoryKills({ path }: Cgroup): number {
  for (const { kills } of files) {
    const text = ifThere(() => readFileSync(join(path, kills), 'utf8'), ['ENOENT', 'ENODEV']);
    const count = /^oom_kill (\d+)$/m.exec(text ?? '')?.[1];
    if (count !== undefined) return Number(count);
  }
  return 0;
}

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirectory, ifThere, writeFileAtomic } from '../../base/files.ts';
import { isAlive, ownProcess } from '../../base/owner.ts';
import { isSlugid } from '../../base/slugid.ts';

/** Notes that this process runs a task group, so that the next one sees when it was killed. */
export function markGroup(home: string, taskGroupId: string): void {
  ensureDirectory(join(home, 'groups'));
  writeFileAtomic(join(home, 'groups', taskGroupId), ownProcess());
}

export function unmarkGroup(home: string, taskGroupId: string): void {
  rmSync(join(home, 'groups', taskGroupId), { force: true });
}

/** Task groups whose process is gone. */
export function abandonedGroups(home: string): string[] {
  const folder = join(home, 'groups');
  const isAbandoned = (name: string): boolean =>
    isSlugid(name) && !isAlive(readFileSync(join(folder, name), 'utf8'));
  return ifThere(() => readdirSync(folder).filter(isAbandoned)) ?? [];
}

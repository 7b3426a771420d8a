import { type BigIntStats, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../base/files.ts';
import { sha256 } from '../../base/hash.ts';
import { auditLogName } from '../audit-log.ts';
import type { Seal } from '../ledger/entry.ts';
import { readRequirements, requirementsName } from '../requirements-file.ts';

/** Takes the seal of a tree; costs the same for one file and a million. Throws when it is no directory. */
export function takeSeal(tree: string): Seal {
  const { uid, gid, mode } = lstatSync(tree);
  return { uid, gid, mode: mode & 0o7777, fingerprint: fingerprint(tree) };
}

/**
 * A mark of the tree's root that any change at its top leaves a trace in: inode, owner, mode, times, size, and what is
 * known of the file of requirements.
 */
function fingerprint(tree: string): string {
  const root = lstatSync(tree, { bigint: true });
  if (!root.isDirectory()) throw new Error(`${tree} is not a directory`);
  const { ino, uid, gid, mode, nlink, size, mtimeNs, ctimeNs } = root;
  const marks = [ino, uid, gid, mode, nlink, size, mtimeNs, ctimeNs, changeOf(join(tree, requirementsName))];
  return sha256(marks.join(' '));
}

function changeOf(path: string): string {
  const stat = lstatIfThere(path);
  // Whiteouts share an inode with one that the kernel keeps in the work directory, which changes its times when it goes.
  if (stat?.isCharacterDevice()) return 'whiteout';
  return stat === null ? 'absent' : `${stat.ino}/${stat.mode}/${stat.ctimeNs}/${stat.size}`;
}

/** Why the tree is not what its seal says, or null when it is. */
export function differsFromSeal(tree: string, seal: Seal): string | null {
  try {
    const { uid, gid, mode, fingerprint: now } = takeSeal(tree);
    if (uid !== seal.uid || gid !== seal.gid || mode !== seal.mode)
      return 'its owner or mode was changed after its commit';
    return now === seal.fingerprint ? null : 'it was changed after its commit';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 'its tree is gone';
    if (error instanceof Error && error.message.endsWith('is not a directory')) return 'its tree is gone';
    if (!isErrno(error, 'EACCES', 'EIO')) throw error;
    return `its tree cannot be read (${error.code})`;
  }
}

/**
 * The requirements in a tree of layers, uppermost first, as a task sees them; null when there are none. What is no
 * requirements file is one line that says so.
 */
export function requirementsIn(layers: readonly string[]): readonly string[] | null {
  for (const layer of layers) {
    const stat = lstatIfThere(join(layer, requirementsName));
    if (stat === null) continue;
    // A whiteout: the layer took it away.
    if (stat.isCharacterDevice()) return null;
    // Only its owner or mode was changed in this layer, its bytes are in one below.
    if (stat.size > 0n && stat.blocks === 0n) continue;
    const found = readRequirements(layer);
    if (found.state === 'found') return found.requirements;
    return found.state === 'absent' ? null : [`unusable: ${found.reason}`];
  }
  return null;
}

/** Did a run that started from a tree of that seal leave it as it was? What run-task logs does not count. */
export function isUnchanged(upper: string, { uid, gid, mode }: Seal): boolean {
  const root = lstatSync(upper);
  if (root.uid !== uid || root.gid !== gid || (root.mode & 0o7777) !== mode) return false;
  return readdirSync(upper).every((name) => name === auditLogName);
}

function lstatIfThere(path: string): BigIntStats | null {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
}

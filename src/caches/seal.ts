import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, writeFileAtomic } from '../base/files.ts';
import { canonicalJson, sha256 } from '../base/hash.ts';
import type { CacheRecord } from './record.ts';
import { readRequirements, requirementsName } from './requirements-file.ts';

/** The store's own knowledge of an instance, beside the tree and out of the task's reach. */
export interface Seal {
  readonly version: 1;
  readonly name: string;
  readonly trustDomain: string;
  readonly level: string;
  readonly shortName: string;
  readonly record: CacheRecord | null;
  /** committed generations; 0: nothing was committed yet, never served */
  readonly generation: number;
  /** ISO 8601 */
  readonly created: string;
  readonly committed: string;
  /** which run wrote the last generation */
  readonly holder: { readonly taskId: string; readonly runId: number; readonly label: string };
  /** of the tree at commit; see {@link fingerprint} */
  readonly fingerprint: string;
}

/** Inside of an instance's folder. */
export const treeName = 'tree';
const sealName = 'seal.json';

export function writeSeal(instance: string, seal: Seal): void {
  writeFileAtomic(join(instance, sealName), `${canonicalJson(seal)}\n`, 0o600);
}

/** Null when it is absent or torn: such an instance is not served. */
export function readSeal(instance: string): Seal | null {
  try {
    const seal = JSON.parse(readFileSync(join(instance, sealName), 'utf8')) as Seal;
    return seal.version === 1 && typeof seal.name === 'string' && Number.isInteger(seal.generation)
      ? seal
      : null;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/**
 * A cheap mark of the tree's root that any change at its top leaves a trace in: inode, owner, mode, change time, number
 * of entries, and the requirements. Costs the same for one file and a million.
 */
export function fingerprint(tree: string): string {
  const root = lstatSync(tree, { bigint: true });
  if (!root.isDirectory()) return 'not a directory';
  const requirements = readRequirements(tree);
  const { ino, uid, gid, mode, ctimeNs } = root;
  const marks = [
    ino,
    uid,
    gid,
    mode,
    ctimeNs,
    readdirSync(tree).length,
    changeOf(join(tree, requirementsName)),
  ];
  return sha256(`${marks.join(' ')} ${canonicalJson(requirements)}`);
}

function changeOf(path: string): string {
  try {
    const { ino, ctimeNs, size } = lstatSync(path, { bigint: true });
    return `${ino}/${ctimeNs}/${size}`;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return 'absent';
  }
}

/** Why the tree is not what the seal says, or null when it is. */
export function differsFromSeal(instance: string, seal: Seal | null, name: string): string | null {
  if (seal === null) return 'its seal is absent or torn';
  if (seal.name !== name) return `its seal is that of ${seal.name}`;
  if (seal.generation < 1) return 'nothing was committed in it';
  try {
    return fingerprint(join(instance, treeName)) === seal.fingerprint
      ? null
      : 'it was changed after its commit';
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EACCES', 'EIO')) throw error;
    return `its tree cannot be read (${error.code})`;
  }
}

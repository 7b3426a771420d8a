import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../base/files.ts';
import { isSandboxId } from './request.ts';

/** What a later worker has to know to end a sandbox whose worker died; lies in its scratch directory. */
export interface SandboxRecord {
  readonly id: string;
  /** directory of the control group that holds its processes */
  readonly cgroup?: string;
  /** state directory of the container runtime */
  readonly runtimeState?: string;
}

const file = 'sandbox.json';

/** Whole or not there, also after `kill -9`; not made durable, since no process survives a power loss either. */
export function writeSandboxRecord(scratch: string, record: SandboxRecord): void {
  const temporary = join(scratch, `.${file}`);
  writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
  renameSync(temporary, join(scratch, file));
}

/** Null when none was written, or when it is not one (tasks of the `process` engine can write to it). */
export function readSandboxRecord(scratch: string): SandboxRecord | null {
  let text: string;
  try {
    text = readFileSync(join(scratch, file), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return null;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (typeof value !== 'object' || value === null || !('id' in value)) return null;
  const { id, cgroup, runtimeState } = value as Record<string, unknown>;
  if (typeof id !== 'string' || !isSandboxId(id)) return null;
  return {
    id,
    ...(typeof cgroup === 'string' ? { cgroup } : {}),
    ...(typeof runtimeState === 'string' ? { runtimeState } : {}),
  };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { SandboxRequest } from '../../../src/worker/engines/engine.ts';

export interface Order {
  readonly engine: 'process' | 'crun' | 'runc';
  readonly request: SandboxRequest;
}

/** Builds the program in `outside-main.ts`, which runs one sandbox: as another user, or to be killed. */
export async function buildOutside(folder: string): Promise<string> {
  const outfile = join(folder, 'outside.mjs');
  const entryPoints = [join(import.meta.dirname, 'outside-main.ts')];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
  chmodSync(outfile, 0o644);
  return outfile;
}

export function startOutside(
  program: string,
  order: Order,
  user?: { uid: number; gid: number },
): ChildProcess {
  return spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    ...user,
  });
}

import * as fs from 'node:fs';
import { join } from 'node:path';
import type { ProcessEnd, RunningProcess } from '../../../src/base/process.ts';
import type { FileSystem } from '../../../src/caches/store.ts';
import { machineNow } from './machine.ts';
import { removeHalf } from './seam-fs.ts';
import { readLayers, writeTree } from './view.ts';

/**
 * Stands in for `base/process.ts` and `base/owner.ts`: the programs that a store starts, done in this process; and for
 * `report/file-system.ts`, which is of no matter here.
 */
export { isLiving as isAlive } from './machine.ts';

export function ownProcess(): string {
  return machineNow().owner;
}

export function startProcess(command: readonly string[]): RunningProcess {
  const run = async (): Promise<ProcessEnd> => {
    await Promise.resolve();
    return runProgram(command);
  };
  return { pid: null, ended: run(), stop: run };
}

function runProgram(command: readonly string[]): ProcessEnd {
  const exited: ProcessEnd = { kind: 'exited', code: 0 };
  if (command[0] === 'sync') {
    try {
      machineNow().call('sync', true, () => undefined);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      return { kind: 'exited', code: 1 };
    }
    return exited;
  }
  if (command.includes('unshare')) {
    const [options = '', , , target = ''] = command.slice(-4);
    const layers = /lowerdir=([^,]*)/.exec(options)?.[1]?.split(':') ?? [];
    const tree = readLayers(layers);
    const half = new Map([...tree].slice(0, tree.size >> 1));
    try {
      machineNow().call('write', true, () => writeTree(target, half));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      writeTree(target, half);
      return { kind: 'exited', code: 1 };
    }
    writeTree(target, tree);
    // As `cp -a` leaves it.
    const { mode, mtime } = fs.lstatSync(layers[0] ?? '');
    fs.chmodSync(target, mode & 0o7777);
    fs.utimesSync(target, mtime, mtime);
    return exited;
  }
  if (command.some((word) => word.includes('rm -rf '))) {
    for (const path of command.slice(command.indexOf('sh') + 4)) {
      machineNow().call('rm', true, () => removeHalf(path));
      fs.rmSync(path, { recursive: true, force: true });
    }
    return exited;
  }
  throw new Error(`a program that the model does not know: ${command.join(' ')}`);
}

/** Stands in for `spawnSync` where the store tries whether overlayfs works: here it does. */
export function spawnSync(_program: string, _args: readonly string[], { cwd }: { cwd: string }) {
  machineNow().call('mount', true, () => undefined);
  fs.mkdirSync(join(cwd, 'upper/e'));
  fs.writeFileSync(join(cwd, 'upper/e/file'), '');
  return { status: 0, stderr: '' };
}

export function fileSystemOf(path: string): FileSystem {
  return { type: 'unknown', mountPoint: path, options: [], reflink: false };
}

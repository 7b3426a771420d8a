import { mkdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '../../base/files.ts';
import { startProcess } from '../../base/process.ts';

export interface Merging {
  /** null, or what went wrong */
  readonly ended: Promise<string | null>;
  /** From now on it gets as much of the processors as this process. */
  hurry(): void;
}

/**
 * Copies what a task would see of a chain of layers (uppermost first) into `target`, a new directory: whiteouts, opaque and
 * renamed directories come out right since the kernel merges. At low priority.
 */
export function mergeLayers(layers: readonly string[], folder: string, target: string): Merging {
  const view = join(folder, 'view');
  mkdirSync(view);
  mkdirSync(target, { mode: 0o700 });
  const options = `ro,lowerdir=${layers.join(':')},redirect_dir=on,metacopy=on`;
  const mount = layers.length === 1 ? 'mount --bind "$1" "$2"' : 'mount -t overlay overlay -o "$0" "$2"';
  // One process to the end, which can be hurried; the mount goes with its namespace.
  const script = `set -e; ${mount}; exec cp -a --sparse=auto -- "$2/." "$3"`;
  let complaint = '';
  const command = ['nice', '-n', '19', 'unshare', '--mount', '--propagation', 'private', 'sh', '-c', script];
  const { pid, ended } = startProcess([...command, options, layers[0]!, view, target], {
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stderr: (chunk) => {
      if (complaint.length < 1000) complaint += Buffer.from(chunk).toString();
    },
  });
  return {
    ended: ended.then((end) => {
      if (end.kind === 'exited' && end.code === 0) return null;
      return complaint.trim().split('\n')[0] || `ended with ${JSON.stringify(end)}`;
    }),
    hurry: () => {
      try {
        if (pid !== null) setPriority(pid, getPriority());
      } catch (error) {
        // It has ended, or an ordinary user may not.
        if (!isErrno(error, 'ERR_SYSTEM_ERROR')) throw error;
      }
    },
  };
}

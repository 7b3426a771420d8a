import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '../../base/process.ts';

/**
 * Copies what a task would see of a chain of layers (uppermost first) into `target`, a new directory: whiteouts, opaque and
 * renamed directories come out right since the kernel merges. At low priority. Null, or what went wrong.
 */
export async function mergeLayers(
  layers: readonly string[],
  folder: string,
  target: string,
): Promise<string | null> {
  const view = join(folder, 'view');
  mkdirSync(view);
  mkdirSync(target, { mode: 0o700 });
  const options = `ro,lowerdir=${layers.join(':')},redirect_dir=on,metacopy=on`;
  const mount = layers.length === 1 ? 'mount --bind "$1" "$2"' : 'mount -t overlay overlay -o "$0" "$2"';
  const script = `set -e; ${mount}; cp -a --sparse=auto -- "$2/." "$3"; umount "$2"`;
  let complaint = '';
  const command = ['nice', '-n', '19', 'unshare', '--mount', '--propagation', 'private', 'sh', '-c', script];
  const end = await startProcess([...command, options, layers[0]!, view, target], {
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stderr: (chunk) => {
      if (complaint.length < 1000) complaint += Buffer.from(chunk).toString();
    },
  }).ended;
  if (end.kind === 'exited' && end.code === 0) return null;
  return complaint.trim().split('\n')[0] || `ended with ${JSON.stringify(end)}`;
}

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ownProcess } from '../../base/owner.ts';
import type { BackEnd } from '../store.ts';

/** See docs/store.md for what each is for. `volatile` comes on top where nothing has to be durable at once. */
export const overlayOptions = ['redirect_dir=on', 'metacopy=on', 'index=off', 'xino=off'] as const;

export interface BackEndChoice {
  readonly backEnd: BackEnd;
  /** one sentence */
  readonly why: string;
}

/** `forced` is what a person has asked for; a trial decides whether it works. */
export function chooseBackEnd(root: string, forced: BackEnd | null): BackEndChoice {
  if (forced === 'direct') return { backEnd: 'direct', why: 'asked for' };
  const complaint = tryOverlay(root);
  if (complaint === null) {
    const why = forced === null ? 'a trial mount worked' : 'asked for, and a trial mount worked';
    return { backEnd: 'overlay', why };
  }
  return { backEnd: 'direct', why: `${forced === null ? '' : 'overlay was asked for, but '}${complaint}` };
}

/**
 * Mounts two layers in a mount namespace of its own, and does there what plain overlayfs refuses or gets wrong: renames a
 * directory of the lower one, changes an owner, writes. Null when all of it worked.
 */
function tryOverlay(root: string): string | null {
  if (process.platform !== 'linux') return 'overlayfs needs Linux';
  if (process.getuid?.() !== 0) return 'without root, overlayfs cannot rename directories of lower layers';
  if (chainLimit(root) < fewestLayers) return `the path ${root} is too long for mount options`;
  if (/[\\:,\s]/.test(root)) return `the path ${root} cannot be written in mount options`;
  const { dev } = statSync(root);
  const known = trials.get(dev);
  if (known !== undefined) return known;
  const complaint = tryMount(root);
  trials.set(dev, complaint);
  return complaint;
}

/** By device, as long as this process lives: another kernel or file system may be there next time. */
const trials = new Map<number, string | null>();

function tryMount(root: string): string | null {
  const folder = mkdtempSync(join(root, `.trial-${ownProcess()}-`));
  try {
    for (const name of ['lower', 'lower/d', 'upper', 'work', 'merged']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'lower/d/file'), 'x');
    const options = ['lowerdir=lower', 'upperdir=upper', 'workdir=work', ...overlayOptions, 'volatile'].join(
      ',',
    );
    const renames = `require('fs').renameSync('merged/d', 'merged/e')`;
    const script = `mount -t overlay overlay -o ${options} merged && "$0" -e "${renames}" && chown 1:1 merged/e/file && echo y >> merged/e/file && umount merged`;
    const command = ['--mount', '--propagation', 'private', 'sh', '-c', script, process.execPath];
    const done = spawnSync('unshare', command, { cwd: folder, encoding: 'utf8', timeout: 20_000 });
    if (done.error) return `unshare cannot be run (${done.error.message})`;
    if (done.status !== 0) return `a trial mount failed: ${lastLine(done.stderr)}`;
    return existsSync(join(folder, 'upper/e/file')) ? null : 'a trial mount lost what was written to it';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/**
 * Makes the directory that a run writes to, with the owner, mode and time that the root of its base has: what is on top
 * speaks for the root of all layers. `base` null: nothing is below, then no work directory is needed either.
 */
export function makeUpper(
  { folder, upper, work }: { readonly folder: string; readonly upper: string; readonly work: string },
  base: string | null,
): void {
  mkdirSync(folder, { mode: 0o700 });
  mkdirSync(upper, { mode: 0o755 });
  if (base === null) return;
  mkdirSync(work, { mode: 0o700 });
  const { uid, gid, mode, mtime } = lstatSync(base);
  if (process.getuid?.() === 0) chownSync(upper, uid, gid);
  // After chown, which clears what is set-id; and whatever the umask took.
  chmodSync(upper, mode & 0o7777);
  utimesSync(upper, mtime, mtime);
}

/** Layers that a chain may have below `root`, so that the mount's options fit into the one page that the kernel takes. */
export function chainLimit(root: string): number {
  const path = root.length + '/level-3/layers/0123456789abcdef:'.length;
  const rest = 2 * (path + 20) + 200;
  return Math.min(mostLayers, Math.floor((4095 - rest) / path));
}

const mostLayers = 32;
/** With fewer, chains would be merged all the time. */
const fewestLayers = 12;

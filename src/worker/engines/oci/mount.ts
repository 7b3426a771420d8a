import { basename, dirname, posix } from 'node:path';
import type { FileOwner, OverlayMount, OwnerMap } from '../../../caches/store.ts';

/** A mount of the container, in the words of the OCI runtime specification. */
export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** Shows a host directory in the container, with what is mounted below it. */
export function bindDirectory(source: string, destination: string, readOnly: boolean): OciMount {
  // `ro` would leave what is mounted below writable.
  return {
    destination,
    type: 'bind',
    source,
    options: readOnly ? ['rbind', 'rro'] : ['rbind', 'rw', 'nodev'],
  };
}

/** Shows a host file in the container. (crun takes `rro` for directories only.) */
export function bindFile(source: string, destination: string, readOnly: boolean): OciMount {
  return {
    destination,
    type: 'bind',
    source,
    options: ['bind', 'rprivate', 'nodev', readOnly ? 'ro' : 'rw'],
  };
}

/** Shows two directories as one, read-only: what is in `upper` hides what has the same name in `lower`. */
export function overlay(upper: string, lower: string, destination: string): OciMount {
  const layers = [upper, lower].map((path) => path.replace(/[\\:]/g, '\\$&'));
  return {
    destination,
    type: 'overlay',
    source: 'overlay',
    options: ['ro', 'nodev', `lowerdir=${layers.join(':')}`],
  };
}

/**
 * The mounts that show layers with other owners, and the layers as they then have to be mounted: every layer is mounted on
 * a name in `folder`, a directory of the root that is `path` for the runtime. crun alone knows this option of a mount.
 */
export function mapped(
  layers: OverlayMount,
  owners: OwnerMap,
  { folder, path }: { readonly folder: string; readonly path: string },
): { readonly names: readonly string[]; readonly mounts: OciMount[]; readonly layers: OverlayMount } {
  const { upper, work, lower } = layers;
  if (dirname(upper) !== dirname(work)) throw new Error('the kernel wants both in one mount');
  const sources = [dirname(upper), ...lower];
  const mounts = sources.map((source, i) => ({
    destination: posix.join(folder, String(i)),
    type: 'bind',
    source,
    options: ['bind', i === 0 ? 'rw' : 'ro', idmap(owners)],
  }));
  const at = (i: number, ...below: string[]): string => posix.join(path, String(i), ...below);
  return {
    names: sources.map((_, i) => String(i)),
    mounts,
    layers: {
      ...layers,
      lower: lower.map((_, i) => at(i + 1)),
      upper: at(0, basename(upper)),
      work: at(0, basename(work)),
    },
  };
}

/** Two ids change places, all others stay: nothing is without a number, and nothing gets one that it could not have. */
function idmap({ disk, task }: OwnerMap): string {
  const map = (id: keyof FileOwner): string => {
    const [low, high] = [Math.min(disk[id], task[id]), Math.max(disk[id], task[id])];
    const extents =
      low === high
        ? [[0, 0, mostIds]]
        : [
            [0, 0, low],
            [low, high, 1],
            [low + 1, low + 1, high - low - 1],
            [high, low, 1],
            [high + 1, high + 1, mostIds - high - 1],
          ];
    return extents
      .filter(([, , size]) => size! > 0)
      .map((extent) => extent.join('-'))
      .join('#');
  };
  return `idmap=uids=${map('uid')};gids=${map('gid')}`;
}
/** The last 32-bit number is none. */
const mostIds = 0xffff_ffff;

/** Shows layers as one directory that the task may write to; what it writes goes into the upper one. */
export function layered({ lower, upper, work, options }: OverlayMount, destination: string): OciMount {
  const places = [`lowerdir=${lower.join(':')}`, `upperdir=${upper}`, `workdir=${work}`];
  return { destination, type: 'overlay', source: 'overlay', options: ['nodev', ...places, ...options] };
}

/** Writable, in memory, empty. */
export function memory(destination: string): OciMount {
  return { destination, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=755'] };
}

/** Parents before what lies in them; otherwise as given. */
export function inMountOrder(mounts: readonly OciMount[]): OciMount[] {
  const depth = ({ destination }: OciMount) => destination.split('/').length;
  return [...mounts].sort((a, b) => depth(a) - depth(b));
}

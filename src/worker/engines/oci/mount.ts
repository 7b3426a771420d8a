import type { OverlayMount } from '../../../caches/store.ts';

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

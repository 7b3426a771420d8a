import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ifThere, isErrno } from '../../base/files.ts';
import { liesIn } from './areas.ts';

/** The group we are in, in one hierarchy. */
interface Place {
  /** where the hierarchy is mounted */
  readonly top: string;
  readonly own: string;
}

/** Of version 1 those hierarchies that limit memory or only count processes; the empty name is version 2. */
const wanted = ['', 'memory', 'pids', 'freezer', 'name=systemd'];

/**
 * Directories of groups in which we may be able to make others: first where the memory of what is in them can be limited,
 * then version 2, then version 1.
 */
export function cgroupParents(): string[] {
  let mounts: string;
  let memberships: string;
  try {
    mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    memberships = readFileSync('/proc/self/cgroup', 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  const limiting: string[] = [];
  const others: string[] = [];
  const found = memberships.split('\n').flatMap((line) => {
    const [, controllers = '-', ...path] = line.split(':');
    const rank = wanted.indexOf(controllers);
    return rank < 0 ? [] : [{ rank, controllers, path: path.join(':') }];
  });
  for (const { controllers, path } of found.sort((a, b) => a.rank - b.rank)) {
    for (const place of placesOf(mounts, controllers, path)) {
      if (controllers === '') limiting.push(...limitingAbove(place));
      (controllers === 'memory' ? limiting : others).push(place.own);
    }
  }
  return [...limiting, ...others];
}

/** In version 2 a group that holds processes limits none below it, but one further up may. */
function limitingAbove({ top, own }: Place): string[] {
  for (let path = own; liesIn(path, top); path = dirname(path)) {
    const controllers = ifThere(() => readFileSync(join(path, 'cgroup.subtree_control'), 'utf8')) ?? '';
    if (controllers.trim().split(' ').includes('memory')) return [path];
  }
  return [];
}

function placesOf(mountinfo: string, controllers: string, path: string): Place[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mountPoint = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    const fits =
      controllers === '' ? type === 'cgroup2' : type === 'cgroup' && options.split(',').includes(controllers);
    if (!fits) return [];
    // Seen from inside a container the mount shows only the part of the hierarchy below `root`.
    const below =
      root !== '/' && (path === root || path.startsWith(`${root}/`)) ? path.slice(root.length) : path;
    return [{ top: mountPoint, own: join(mountPoint, below) }];
  });
}

import { readFileSync } from 'node:fs';
import { isErrno } from '../../../base/files.ts';
import type { FileOwner } from '../../../caches/store.ts';

/** The user that run-task becomes, as docker images for Taskcluster have it. */
export const worker = { name: 'worker', uid: 1000, gid: 1000, home: '/builds/worker' } as const;

/** The container's name, and what resolves to its loopback. */
export const hostname = 'caisson';

/** The files in /etc that are the container's own, by name. */
export function accountFiles(shell: string): ReadonlyMap<string, string> {
  const { name, uid, gid, home } = worker;
  return new Map([
    ['passwd', merge('/etc/passwd', name, uid, `${name}:x:${uid}:${gid}::${home}:${shell}`)],
    ['group', merge('/etc/group', name, gid, `${name}:x:${gid}:`)],
    ['hosts', `${textOf('/etc/hosts')}\n127.0.0.1\t${hostname}\n`],
    ['hostname', `${hostname}\n`],
    ['resolv.conf', textOf('/etc/resolv.conf')],
    // The machine's own may name services that are reached through sockets which are not in the container.
    [
      'nsswitch.conf',
      'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n',
    ],
  ]);
}

/** The ids of a user and a group by {@link accountFiles}; null when there is no such user or group. */
export function idsOf(user: string, group: string): FileOwner | null {
  const files = accountFiles('');
  const idIn = (file: string, name: string): number => {
    const lines = (files.get(file) ?? '').split('\n').map((line) => line.split(':'));
    return Number(lines.find(([found]) => found === name)?.[2] ?? Number.NaN);
  };
  const [uid, gid] = [idIn('passwd', user), idIn('group', group)];
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : null;
}

/** A colon-separated account file with one entry in the place of all that have its name or its number. */
export function mergeAccounts(text: string, name: string, id: number, entry: string): string {
  const others = text.split('\n').filter((line) => {
    const [otherName, , otherId] = line.split(':');
    return line !== '' && otherName !== name && otherId !== String(id);
  });
  return `${[...others, entry].join('\n')}\n`;
}

function merge(path: string, name: string, id: number, entry: string): string {
  return mergeAccounts(textOf(path) || 'root:x:0:0:root:/root:/bin/sh\n', name, id, entry);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

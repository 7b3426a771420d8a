import { isErrno } from '../base/files.ts';
import { type Account, type Group, readAccounts, readGroups } from './accounts.ts';
import { ExitError, exitCode } from './exit.ts';
import { libc } from './libc.ts';
import { say } from './log.ts';

/** Who the command runs as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** `user:group` for people */
  readonly label: string;
  /** set when we are root and become this user */
  readonly become: { readonly groups: readonly number[] } | null;
}

const workerId = 1000;

/**
 * Finds the user and group in /etc/passwd and /etc/group when we are root; otherwise we stay who we are.
 * `worker` has the same numbers in every image, or files in caches would belong to somebody else.
 */
export function resolveIdentity(user: string, group: string): Identity {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  if (uid !== 0) return { uid, gid, label: `${uid}:${gid}`, become: null };

  const groups = lookUp(readGroups, '/etc/group');
  const account = lookUp(readAccounts, '/etc/passwd').find(({ name }) => name === user);
  if (account === undefined) throw unknown('user', user);
  const own = groups.find(({ name }) => name === group);
  if (own === undefined) throw unknown('group', group);
  requireWorkerId('user', account.name, 'uid', account.uid);
  requireWorkerId('group', own.name, 'gid', own.gid);
  return {
    uid: account.uid,
    gid: own.gid,
    label: `${user}:${group}`,
    become: { groups: groupsOf(account, groups) },
  };
}

/** Becomes the task's user for good: groups first, while we still may. */
export function dropPrivileges(identity: Identity): void {
  if (identity.become === null) return;
  say('setup', `running as ${identity.label}`);
  const { uid, gid, become } = identity;
  process.umask(0o22);
  if (libc !== null) {
    libc.become(uid, gid, become.groups);
    return;
  }
  process.setgroups?.([...become.groups]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

function groupsOf(account: Account, groups: readonly Group[]): number[] {
  return [...new Set(groups.filter(({ members }) => members.includes(account.name)).map(({ gid }) => gid))];
}

function requireWorkerId(what: string, name: string, id: string, value: number): void {
  if (name !== 'worker' || value === workerId) return;
  // 72 would purge good caches for a fault of the image.
  throw new ExitError(exitCode.error, `${what} \`worker\` must have ${id}=${workerId}; got ${value}`);
}

function unknown(what: string, name: string): ExitError {
  return new ExitError(
    exitCode.error,
    `could not find ${what} ${name}; name one that this image has with --${what}`,
  );
}

function lookUp<T>(read: () => T[], file: string): T[] {
  try {
    return read();
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EACCES')) throw error;
    throw new ExitError(exitCode.error, `cannot read ${file}: ${error.code}`);
  }
}

import { closeSync, fstatSync } from 'node:fs';
import { appendAudit, auditLogName, readAudit } from '../caches/audit-log.ts';
import { readRequirements, requirementsName, writeRequirements } from '../caches/requirements-file.ts';
import {
  type Requirements,
  compareRequirements,
  formatRequirements,
  requirementsFor,
} from '../caches/requirements.ts';
import { openDirectory, settleDirectoryAt } from './directory.ts';
import { ExitError, exitCode } from './exit.ts';
import type { Identity } from './identity.ts';
import { say, tell } from './log.ts';
import { type Mounts, contentOf, isDirectory, waysThrough } from './mounts.ts';
import { chownTree } from './ownership.ts';
import { worldError } from './world-error.ts';

export interface CacheUser {
  readonly identity: Identity;
  readonly mounts: Mounts;
  /** what tasks write here is not trusted, so a cache of another user may be taken over */
  readonly untrusted: boolean;
  readonly taskId: string;
}

const auditTail = 50;

/**
 * Makes one cache fit for the task: fills in an empty one, holds a populated one against what we require. Throws
 * ExitError with 72 for one that does not fit, 1 for one that is no directory or cannot be written.
 */
export function prepareCache(cache: string, user: CacheUser): void {
  try {
    // A link of the image has been resolved; what is left below another cache is a task's.
    if (!isDirectory(cache)) {
      throw new ExitError(
        exitCode.error,
        `error: cache ${cache} is not a directory; this should never happen`,
      );
    }
    const wanted = requirementsFor(user.identity);
    const found = readRequirements(cache);
    if (found.state === 'unusable') refuse(cache, user, found.reason, wanted);
    if (found.state === 'found') checkRequirements(cache, user, wanted, found.requirements);
    else if (contentOf(cache, user.mounts).length === 0) createCache(cache, user, wanted);
    else {
      const reason = 'is not empty and has no .cacherequires: it is filled by something else than run-task';
      refuse(cache, user, `${reason}, or TASKCLUSTER_CACHES is wrong`, wanted);
    }
  } catch (error) {
    throw worldError(`cache ${cache}`, error);
  }
}

function createCache(cache: string, user: CacheUser, wanted: Requirements): void {
  const owner = ownerOf(user);
  say('cache', `cache ${cache} is empty; writing requirements: ${oneLine(wanted)}`);
  // Ownership first: once the requirements are there, the cache counts as complete.
  if (owner !== null) {
    settleDirectoryAt(cache, owner);
    for (const way of waysThrough(cache, user.mounts)) settleDirectoryAt(way, owner);
  }
  writeRequirements(cache, wanted, ownerOf(user));
  audit(cache, user, `created; requirements: ${wanted.join(', ')}`);
}

function checkRequirements(cache: string, user: CacheUser, wanted: Requirements, found: Requirements): void {
  say('cache', `cache ${cache} exists; requirements: ${oneLine(found)}`);
  const difference = compareRequirements(wanted, found);
  if (difference.same) {
    settleRoot(cache, user, wanted);
    audit(cache, user, 'used');
    return;
  }
  if (!onlyOwnersDiffer(difference)) refuseDifferent(cache, user, wanted, found);
  if (user.identity.become !== null && user.untrusted) {
    const reason = 'made for another uid/gid; caches of this task are untrusted, so it is taken over';
    say('cache', `cache ${cache}: ${reason}; changing ownership of all in it to ${user.identity.label}`);
    chownTree(
      cache,
      user.identity,
      (path) => isControlFile(path) || user.mounts.isOther(`${cache}/${path}`, cache),
    );
    writeRequirements(cache, wanted, ownerOf(user));
    audit(cache, user, `chown; requirements: ${wanted.join(', ')}`);
    return;
  }
  if (user.identity.become === null && rootOwner(cache).uid === user.identity.uid) {
    say(
      'cache',
      `cache ${cache} was handed to ${user.identity.label}; writing requirements: ${oneLine(wanted)}`,
    );
    writeRequirements(cache, wanted, ownerOf(user));
    audit(cache, user, `handed over; requirements: ${wanted.join(', ')}`);
    return;
  }
  refuseDifferent(cache, user, wanted, found);
}

/** A run that was killed, or the task itself, may have left the directory with an owner or mode that locks us out. */
function settleRoot(cache: string, user: CacheUser, wanted: Requirements): void {
  const owner = ownerOf(user);
  if (owner === null) return;
  const { uid } = rootOwner(cache);
  if (uid !== owner.uid && uid !== 0) refuse(cache, user, `belongs to uid ${uid}`, wanted);
  settleDirectoryAt(cache, owner);
}

function rootOwner(cache: string): { uid: number } {
  const directory = openDirectory(cache);
  try {
    return fstatSync(directory);
  } finally {
    closeSync(directory);
  }
}

function onlyOwnersDiffer({ missing, extra }: { missing: Requirements; extra: Requirements }): boolean {
  const keys = (lines: Requirements) => lines.map((line) => line.split('=', 1)[0] ?? '').sort();
  const wanted = keys(missing);
  return wanted.join() === keys(extra).join() && wanted.every((key) => key === 'uid' || key === 'gid');
}

function refuseDifferent(cache: string, user: CacheUser, wanted: Requirements, found: Requirements): never {
  tell(`error: requirements for populated cache ${cache} differ from this task`);
  tell(`cache requirements: ${oneLine(found)}`);
  tell(`our requirements:   ${oneLine(wanted)}`);
  tell('All tasks that share a cache run as the same uid and gid, in whichever image.');
  audit(cache, user, `requirements mismatch; ours: ${wanted.join(', ')}`);
  return purge(cache);
}

function refuse(cache: string, user: CacheUser, reason: string, wanted: Requirements): never {
  tell(`error: cache ${cache} cannot be used: .cacherequires: ${reason}`);
  tell(`our requirements:   ${oneLine(wanted)}`);
  audit(cache, user, `refused: ${reason}`);
  return purge(cache);
}

function purge(cache: string): never {
  tell('audit log:');
  for (const line of readAudit(cache, auditTail)) tell(line);
  throw new ExitError(exitCode.purgeCaches);
}

/** The log explains; it never decides whether a task runs. */
function audit(cache: string, user: CacheUser, text: string): void {
  const written = appendAudit(cache, user.taskId, text);
  if (!written.ok) say('cache', `cannot write the audit log of ${cache}: ${written.error}`);
}

function ownerOf({ identity }: CacheUser): Identity | null {
  return identity.become === null ? null : identity;
}

/** Root's own files at the top of a cache, which no owner of the cache may write. */
function isControlFile(path: string): boolean {
  return path === requirementsName || path === auditLogName;
}

function oneLine(requirements: Requirements): string {
  return formatRequirements(requirements).trim().split('\n').join(' ');
}

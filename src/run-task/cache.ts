import { closeSync, fstatSync } from 'node:fs';
import { printable } from '../base/printable.ts';
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
import { explainWorldError } from './world-error.ts';

export interface CacheUser {
  readonly identity: Identity;
  readonly mounts: Mounts;
  /** what tasks write here is not trusted, so a cache of another user may be taken over */
  readonly untrusted: boolean;
  readonly taskId: string;
}

/** A cache that does not fit, with what to print about it; caught in {@link prepareCache} alone. */
class Unusable extends Error {
  readonly audited: string;

  constructor(message: string, audited: string) {
    super(message);
    this.audited = audited;
  }
}

const auditTail = 50;
/** In the requirements of a cache while files in it change hands: with it, the cache fits nobody. */
const changingHands = 'changing=owner';
/** Root's own files at the top of a cache, which no owner of the cache may write. */
const controlFiles = [requirementsName, auditLogName];

/**
 * Makes one cache fit for the task: fills in an empty one, holds a populated one against what we require. Throws
 * ExitError: 1 for what is no directory, which no purge would mend, and 72 for whatever else is wrong with the cache.
 */
export function prepareCache(cache: string, user: CacheUser): void {
  // A link of the image has been resolved; what is left below another cache is a task's.
  if (!isDirectory(cache)) {
    throw new ExitError(exitCode.error, `error: cache ${cache} is not a directory; this should never happen`);
  }
  try {
    prepareDirectory(cache, user, requirementsFor(user.identity));
  } catch (error) {
    const explained = explainWorldError(`cache ${cache}`, error);
    const unusable = explained === null ? error : new Unusable(explained, `failed: ${explained}`);
    if (!(unusable instanceof Unusable)) throw error;
    for (const line of unusable.message.split('\n')) tell(printable(line));
    audit(cache, user, unusable.audited);
    tell('audit log:');
    for (const line of readAudit(cache, auditTail)) tell(line);
    throw new ExitError(exitCode.purgeCaches);
  }
}

function prepareDirectory(cache: string, user: CacheUser, wanted: Requirements): void {
  const found = readRequirements(cache);
  if (found.state === 'unusable') throw unfit(cache, found.reason, wanted);
  if (found.state === 'found') checkRequirements(cache, user, wanted, found.requirements);
  else if (contentOf(cache, user.mounts).length === 0) createCache(cache, user, wanted);
  else {
    const reason = 'is not empty and has no .cacherequires: it is filled by something else than run-task';
    throw unfit(cache, `${reason}, or TASKCLUSTER_CACHES is wrong`, wanted);
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
  writeRequirements(cache, wanted, owner !== null);
  audit(cache, user, `created; requirements: ${wanted.join(', ')}`);
}

function checkRequirements(cache: string, user: CacheUser, wanted: Requirements, found: Requirements): void {
  say('cache', `cache ${cache} exists; requirements: ${printable(oneLine(found))}`);
  if (compareRequirements(wanted, found).same) {
    settleRoot(cache, user, wanted);
    audit(cache, user, 'used');
    return;
  }
  const interrupted = found.includes(changingHands);
  const former = found.filter((line) => line !== changingHands);
  if (!onlyOwnersDiffer(compareRequirements(wanted, former))) throw different(cache, wanted, found);
  if (user.identity.become !== null && user.untrusted) {
    takeOver(cache, user, wanted, former);
    return;
  }
  if (user.identity.become === null && !interrupted && rootOwner(cache).uid === user.identity.uid) {
    const handed = `cache ${cache} was handed to ${user.identity.label}`;
    say('cache', `${handed}; writing requirements: ${oneLine(wanted)}`);
    writeRequirements(cache, wanted, false);
    audit(cache, user, `handed over; requirements: ${wanted.join(', ')}`);
    return;
  }
  throw different(cache, wanted, found);
}

/** Killed half-way, it leaves a cache that nobody accepts but the next take-over, which begins anew. */
function takeOver(cache: string, user: CacheUser, wanted: Requirements, former: Requirements): void {
  const { identity, mounts } = user;
  const reason = 'made for another uid/gid; caches of this task are untrusted, so it is taken over';
  say('cache', `cache ${cache}: ${reason}; changing ownership of all in it to ${identity.label}`);
  writeRequirements(cache, [...former, changingHands], true);
  chownTree(cache, identity, [...controlFiles, ...mounts.below(cache)]);
  writeRequirements(cache, wanted, true);
  audit(cache, user, `chown; requirements: ${wanted.join(', ')}`);
}

/** A run that was killed, or the task itself, may have left the directory with an owner or mode that locks us out. */
function settleRoot(cache: string, user: CacheUser, wanted: Requirements): void {
  const owner = ownerOf(user);
  if (owner === null) return;
  const { uid } = rootOwner(cache);
  if (uid !== owner.uid && uid !== 0) throw unfit(cache, `the directory belongs to uid ${uid}`, wanted);
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

/** True when both sides name the same things and differ in nothing but the ids. */
function onlyOwnersDiffer({ missing, extra }: { missing: Requirements; extra: Requirements }): boolean {
  const keys = (lines: Requirements) => lines.map((line) => line.split('=', 1)[0] ?? '').sort();
  const wanted = keys(missing);
  return wanted.join() === keys(extra).join() && wanted.every((key) => key === 'uid' || key === 'gid');
}

function different(cache: string, wanted: Requirements, found: Requirements): Unusable {
  const hint = found.includes(changingHands)
    ? 'A task was killed while it changed the owners of the files in this cache.'
    : 'All tasks that share a cache run as the same uid and gid, in whichever image.';
  return new Unusable(
    [
      `error: requirements for populated cache ${cache} differ from this task`,
      `cache requirements: ${oneLine(found)}`,
      `our requirements:   ${oneLine(wanted)}`,
      hint,
    ].join('\n'),
    `requirements mismatch; ours: ${wanted.join(', ')}`,
  );
}

function unfit(cache: string, reason: string, wanted: Requirements): Unusable {
  return new Unusable(
    `error: cache ${cache} cannot be used: .cacherequires: ${printable(reason)}\nour requirements:   ${oneLine(wanted)}`,
    `refused: ${reason}`,
  );
}

/** The log explains; it never decides whether a task runs. */
function audit(cache: string, user: CacheUser, text: string): void {
  const written = appendAudit(cache, user.taskId, text);
  if (!written.ok) say('cache', `cannot write the audit log of ${cache}: ${written.error}`);
}

function ownerOf({ identity }: CacheUser): Identity | null {
  return identity.become === null ? null : identity;
}

function oneLine(requirements: Requirements): string {
  return formatRequirements(requirements).trim().split('\n').join(' ');
}

import { type Stats, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ifThere, isErrno, writeFileAtomic } from '../base/files.ts';
import { printable } from '../base/printable.ts';
import { entriesOf } from './entries.ts';
import { say } from './log.ts';
import { isBelow } from './mounts.ts';
import { removeTree } from './remove.ts';

/** Locks of a killed hg, settings that hide or rename things, and what hg makes anew and would believe unseen. */
const unwanted = [
  'wlock',
  'store/lock',
  'hgrc-not-shared',
  'cache',
  'wcache',
  'localtags',
  'sparse',
  'store/narrowspec',
  'narrowspec.dirstate',
];
/** Settings that name a default remote and nothing else. */
const harmless = /^(\s*(#.*|;.*|\[paths\]|default\s*=\s*(\S+))?\s*(\n|$))*$/;
const largest = 65_536;

/**
 * Takes out of a `.hg` what earlier tasks may have left to run code or to change what hg says, and stale locks.
 * `origins` are the repositories that its settings may name; the first is written where they name another.
 */
export function mendHgDirectory(path: string, origins: readonly [string, ...string[]]): void {
  for (const name of unwanted) {
    if (parentsAreDirectories(path, name)) removeTree(join(path, name));
  }
  const settings = join(path, 'hgrc');
  const stats = lstatSync(settings, { throwIfNoEntry: false });
  if (stats === undefined || isFitting(settings, stats, origins)) return;
  say('vcs', `writing ${printable(settings)} anew: an earlier task left its own settings there`);
  removeTree(settings);
  writeFileAtomic(settings, `[paths]\ndefault = ${origins[0]}\n`);
}

/** True for a checkout that shares a store below `store`; others were not made by us. */
export function sharesStore(checkout: string, store: string): boolean {
  const metadata = join(checkout, '.hg');
  const pointer = join(metadata, 'sharedpath');
  try {
    if (!lstatSync(checkout).isDirectory() || !lstatSync(metadata).isDirectory()) return false;
    const stats = lstatSync(pointer);
    if (!stats.isFile() || stats.size > largest) return false;
    return isBelow(realpathSync(readFileSync(pointer, 'utf8').trim()), realpathSync(store));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EINVAL')) return false;
    throw error;
  }
}

/** The `.hg` of every repository in a shared store; links and other things there are deleted. */
export function directoriesInStore(store: string): string[] {
  return (entriesOf(store) ?? []).flatMap((entry) => {
    const metadata = join(store, entry.name, '.hg');
    if (entry.isDirectory() && entriesOf(metadata) !== null) return [metadata];
    removeTree(join(store, entry.name));
    return [];
  });
}

/**
 * Deletes repositories in a shared store that have no changeset: their first clone was killed. Nothing is lost, and hg
 * takes what it began to make for a repository of another format, which nothing can be shared from.
 */
export function dropUnfinished(store: string): void {
  for (const metadata of directoriesInStore(store)) {
    const look = () => lstatSync(join(metadata, 'store/00changelog.i'));
    const changelog = ifThere(look, ['ENOENT', 'ENOTDIR']);
    if (changelog?.isFile() === true && changelog.size > 0) continue;
    say('vcs', `deleting ${printable(dirname(metadata))}: a run was killed while it cloned it`);
    removeTree(dirname(metadata));
  }
}

function isFitting(file: string, stats: Stats, origins: readonly string[]): boolean {
  if (!stats.isFile() || stats.size > largest) return false;
  const text = readFileSync(file, 'utf8');
  if (!harmless.test(text)) return false;
  const named = [...text.matchAll(/^\s*default\s*=\s*(\S+)/gm)].map(([, value]) => value);
  return named.every((value) => value !== undefined && origins.includes(value));
}

function parentsAreDirectories(path: string, name: string): boolean {
  return entriesOf(dirname(join(path, name))) !== null;
}

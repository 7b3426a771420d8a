import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import { printable } from '../base/printable.ts';
import { isMarker } from './checkout-marker.ts';
import { entriesOf } from './entries.ts';
import type { Environment } from './environment.ts';
import { renewConfig } from './git-config.ts';
import { say } from './log.ts';
import { removeTree } from './remove.ts';

/** What git keeps in its folder and cannot make anew. */
const files = new Set([
  'HEAD',
  'FETCH_HEAD',
  'ORIG_HEAD',
  'config',
  'description',
  'index',
  'packed-refs',
  'shallow',
]);
const directories = new Set(['objects', 'refs', 'hooks', 'info', 'modules']);
/** What git makes anew, so that dropping it is no news. */
const ordinary = /^(logs|COMMIT_EDITMSG|FETCH_HEAD|gc\.(log|pid)|.*\.lock)$/;
const packFile = /^pack-[0-9a-f]{40,64}\.(pack|idx|rev|mtimes)$/;

/**
 * Takes everything out of a `.git` that earlier tasks may have left there to run code, to lead git elsewhere, to change
 * what it says, or by being killed: hooks, settings, locks, other object stores, grafts, replacements, attributes.
 * `origin` becomes its remote. False when it is no git directory, or one that cannot be mended.
 */
export async function mendGitDirectory(path: string, origin: string, env: Environment): Promise<boolean> {
  const entries = entriesOf(path);
  if (entries === null) return false;
  const dropped: string[] = [];
  for (const entry of entries) {
    if (isMarker(entry.name)) continue;
    if (files.has(entry.name) ? entry.isFile() : directories.has(entry.name) && entry.isDirectory()) continue;
    removeTree(join(path, entry.name));
    if (!ordinary.test(entry.name)) dropped.push(entry.name);
  }
  // A split index is of no use without the part that was just dropped.
  if (dropped.some((name) => name.startsWith('sharedindex.'))) removeTree(join(path, 'index'));
  mendObjects(join(path, 'objects'));
  mendRefs(join(path, 'refs'), true);
  dropReplacements(path);
  dropped.push(...emptyHooks(join(path, 'hooks')), ...emptyInfo(join(path, 'info')));
  const settings = await renewConfig(path, origin, env);
  if (settings === null) return false;
  dropped.push(...settings);
  if (dropped.length > 0) {
    say('vcs', `dropped from ${path}, where earlier tasks left it: ${printable(dropped.join(' '))}`);
  }
  return isGitDirectory(path);
}

function isGitDirectory(path: string): boolean {
  const head = lstatSync(join(path, 'HEAD'), { throwIfNoEntry: false });
  if (head === undefined || head.size > 4096) return false;
  if (!/^(ref: refs\/|[0-9a-f]{40})/.test(readFileSync(join(path, 'HEAD'), 'utf8'))) return false;
  return ['objects', 'refs'].every(
    (name) => lstatSync(join(path, name), { throwIfNoEntry: false }) !== undefined,
  );
}

/** Objects stay; alternates, graphs and indexes of several packs, which git believes unseen, and half packs go. */
function mendObjects(path: string): void {
  for (const entry of entriesOf(path) ?? []) {
    const place = join(path, entry.name);
    if (!entry.isDirectory() || !/^([0-9a-f]{2}|pack)$/.test(entry.name)) removeTree(place);
    else if (entry.name === 'pack') {
      for (const pack of entriesOf(place) ?? []) {
        if (!pack.isFile() || !packFile.test(pack.name)) removeTree(join(place, pack.name));
      }
    }
  }
}

function mendRefs(path: string, top: boolean): void {
  for (const entry of entriesOf(path) ?? []) {
    const place = join(path, entry.name);
    const isReplacement = top && entry.name === 'replace';
    if (entry.isDirectory() && !isReplacement) mendRefs(place, false);
    else if (!entry.isFile() || entry.name.endsWith('.lock')) removeTree(place);
  }
}

function dropReplacements(path: string): void {
  const file = join(path, 'packed-refs');
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return;
  const text = readFileSync(file, 'latin1');
  if (!text.includes(' refs/replace/')) return;
  const lines = text.split('\n').filter((line) => !line.includes(' refs/replace/'));
  writeFileAtomic(file, Buffer.from(lines.join('\n'), 'latin1'));
}

function emptyHooks(path: string): string[] {
  const planted = (entriesOf(path) ?? []).filter(
    (entry) => !entry.isFile() || !entry.name.endsWith('.sample'),
  );
  for (const { name } of planted) removeTree(join(path, name));
  return planted.map(({ name }) => `hooks/${name}`);
}

function emptyInfo(path: string): string[] {
  const planted = (entriesOf(path) ?? []).filter((entry) => {
    if (entry.name !== 'exclude' || !entry.isFile()) return true;
    return !/^(#.*\n?|\n)*$/.test(readFileSync(join(path, entry.name), 'latin1').slice(0, 65_536));
  });
  for (const { name } of planted) removeTree(join(path, name));
  return planted.map(({ name }) => `info/${name}`).filter((name) => name !== 'info/refs');
}

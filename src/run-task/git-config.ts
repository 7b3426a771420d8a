import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.ts';
import { readCommand } from './command.ts';
import type { Environment } from './environment.ts';

interface Setting {
  readonly key: string;
  readonly value: string;
}

/** What a repository may say about itself; all else in its settings can run code or lead git elsewhere. */
const allowed: readonly (readonly [key: RegExp, value: RegExp])[] = [
  [/^core\.repositoryformatversion$/, /^[01]$/],
  [/^core\.(filemode|ignorecase|precomposeunicode|symlinks|logallrefupdates)$/, /^(true|false)$/],
  [/^core\.bare$/, /^false$/],
  [/^extensions\.objectformat$/, /^(sha1|sha256)$/],
  [/^remote\.origin\.fetch$/, /^\+?refs\/(heads|tags)\/[^:\s]*:refs\/(remotes\/origin|tags)\/[^:\s]*$/],
  [/^branch\.[^\n"\\]+\.remote$/, /^origin$/],
  [/^branch\.[^\n"\\]+\.merge$/, /^refs\/heads\/\S+$/],
];
const largest = 1 << 20;
export const everyBranch = '+refs/heads/*:refs/remotes/origin/*';

/**
 * Writes a repository's settings anew from those that are harmless, with `origin` as its remote: an earlier task may
 * have planted others. Answers the names of settings that were dropped; null when the file cannot be read.
 */
export async function renewConfig(
  gitDirectory: string,
  origin: string,
  env: Environment,
): Promise<string[] | null> {
  const file = join(gitDirectory, 'config');
  const settings = await readSettings(file, env);
  if (settings === null) return null;
  const kept = settings.filter(isHarmless);
  if (!kept.some(({ key }) => key === 'core.repositoryformatversion')) {
    kept.unshift({ key: 'core.repositoryformatversion', value: '0' });
  }
  if (!kept.some(({ key }) => key === 'remote.origin.fetch')) {
    kept.push({ key: 'remote.origin.fetch', value: everyBranch });
  }
  kept.push({ key: 'remote.origin.url', value: origin });
  if (!areSame(settings, kept)) writeFileAtomic(file, formatSettings(kept));
  const dropped = settings.filter((setting) => !isHarmless(setting) && setting.key !== 'remote.origin.url');
  return [...new Set(dropped.map(({ key }) => key))];
}

async function readSettings(file: string, env: Environment): Promise<Setting[] | null> {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  // A pipe would make git wait for ever.
  if (!stats.isFile() || stats.size > largest) return null;
  const command = ['git', 'config', '--file', file, '--no-includes', '--null', '--list'];
  const output = await readCommand('vcs', command, { env });
  if (output === null) return null;
  return output
    .toString('utf8')
    .split('\0')
    .filter(Boolean)
    .map((text) => {
      const [key = '', ...value] = text.split('\n');
      return { key, value: value.join('\n') };
    });
}

function isHarmless({ key, value }: Setting): boolean {
  return allowed.some(([keys, values]) => keys.test(key) && values.test(value));
}

function areSame(a: readonly Setting[], b: readonly Setting[]): boolean {
  const lines = (settings: readonly Setting[]) => settings.map(({ key, value }) => `${key}=${value}`).sort();
  return JSON.stringify(lines(a)) === JSON.stringify(lines(b));
}

function formatSettings(settings: readonly Setting[]): string {
  return settings
    .map(({ key, value }) => {
      const first = key.indexOf('.');
      const last = key.lastIndexOf('.');
      const sub = first === last ? '' : ` "${key.slice(first + 1, last)}"`;
      const text = value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t');
      return `[${key.slice(0, first)}${sub}]\n\t${key.slice(last + 1)} = "${text}"\n`;
    })
    .join('');
}

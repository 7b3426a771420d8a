import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandOptions, readCommand, runRequired } from './command.ts';
import { entriesOf } from './entries.ts';
import { mendGitDirectory } from './git-directory.ts';
import type { createTimings } from './timings.ts';
import { removeTree } from './remove.ts';

/**
 * Brings the submodules of a checkout to what its revision says. In a checkout that tasks have used (`used`) their
 * working trees are made anew, since those may lead to repositories that a task planted; their objects stay.
 */
export async function updateSubmodules(
  checkout: string,
  used: { readonly submodules: readonly string[]; readonly nested: readonly string[] } | null,
  timings: ReturnType<typeof createTimings>,
  env: CommandOptions['env'],
): Promise<void> {
  const here = { env, cwd: checkout };
  if (used !== null) {
    for (const path of used.submodules) {
      const place = Buffer.from(path, 'latin1').toString('utf8');
      for (const entry of entriesOf(join(checkout, place)) ?? []) {
        removeTree(join(checkout, place, entry.name), used.nested);
      }
    }
  }
  if (!existsSync(join(checkout, '.gitmodules'))) return;
  await runRequired('vcs', ['git', 'submodule', 'init'], here);
  if (used !== null) await mendModules(join(checkout, '.git/modules'), here);
  await timings.record(['submodule_update'], () =>
    runRequired('vcs', ['git', 'submodule', 'update', '--force'], here),
  );
}

/** Repositories of submodules that the checkout knows; everything else there goes, and what cannot be mended. */
async function mendModules(folder: string, here: CommandOptions): Promise<void> {
  const urls = await readUrls(here);
  await keepOnly(folder, '', urls, here);
}

async function keepOnly(
  folder: string,
  prefix: string,
  urls: ReadonlyMap<string, string>,
  here: CommandOptions,
): Promise<void> {
  for (const entry of entriesOf(folder) ?? []) {
    const name = `${prefix}${entry.name}`;
    const path = join(folder, entry.name);
    const url = urls.get(name);
    const leadsOn = [...urls.keys()].some((other) => other.startsWith(`${name}/`));
    if (!entry.isDirectory()) removeTree(path);
    else if (url !== undefined && lstatSync(join(path, 'HEAD'), { throwIfNoEntry: false }) !== undefined) {
      // Those of submodules in submodules are not ours to update: a task that wants them clones them.
      removeTree(join(path, 'modules'));
      if (!(await mendGitDirectory(path, url, here.env))) removeTree(path);
    } else if (leadsOn) await keepOnly(path, `${name}/`, urls, here);
    else removeTree(path);
  }
}

async function readUrls(here: CommandOptions): Promise<Map<string, string>> {
  const command = ['git', 'config', '--local', '--null', '--get-regexp', '^submodule\\..*\\.url$'];
  const output = (await readCommand('vcs', command, here))?.toString('utf8') ?? '';
  return new Map(
    output
      .split('\0')
      .filter(Boolean)
      .map((text) => {
        const end = text.indexOf('\n');
        return [text.slice('submodule.'.length, end - '.url'.length), text.slice(end + 1)];
      }),
  );
}

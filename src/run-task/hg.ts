import { join } from 'node:path';
import { markerIn } from './checkout-marker.ts';
import { readCommand, runCommand, runRequired } from './command.ts';
import { entriesOf } from './entries.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { directoriesInStore, dropUnfinished, mendHgDirectory, sharesStore } from './hg-directory.ts';
import { purgeCheckout, updatePlain } from './hg-plain.ts';
import { storePath } from './hg-store.ts';
import { say } from './log.ts';
import { removeTree } from './remove.ts';
import type { Repository } from './repositories.ts';

export interface HgCheckout extends Repository {
  readonly checkout: string;
  readonly headRepository: string;
  /** checkouts of other repositories inside this one, and what is mounted there */
  readonly nested: readonly string[];
  /** caches and volumes inside this one */
  readonly mounted: readonly string[];
  /** checkout and store lie in caches or volumes: what is broken there may be deleted */
  readonly replaceable: boolean;
}

/** Brings a Mercurial checkout to the wanted revision through the shared store; answers the revision. */
export async function checkOutHg(repository: HgCheckout, environment: Environment): Promise<string> {
  const { checkout, headRepository, mounted, replaceable } = repository;
  const store = storePath(environment);
  const marker = markerIn(join(checkout, '.hg'));
  if (replaceable) await mend(repository, store, environment);
  if (mounted.length > 0 && entriesOf(join(checkout, '.hg')) === null) {
    const where = mounted.join(' and ');
    throw new ExitError(exitCode.error, `error: hg cannot clone into ${checkout}, where ${where} is mounted`);
  }
  if (replaceable && entriesOf(join(checkout, '.hg')) !== null) marker.set();
  try {
    await update(repository, store, environment);
  } catch (error) {
    if (!replaceable || !(error instanceof ExitError) || (await isSound(checkout, store, environment)))
      throw error;
    say('vcs', `${checkout} or its store is damaged; both are cloned again`);
    removeAll(repository, store);
    await update(repository, store, environment);
  }
  marker.clear();

  const command = ['hg', 'log', '--rev', '.', '--template', '{node}'];
  const revision =
    (await readCommand('vcs', command, { env: environment, cwd: checkout }))?.toString('latin1') ?? '';
  if (!/^[0-9a-f]{40}$/.test(revision)) {
    throw new ExitError(exitCode.error, `error: ${checkout} has no revision after the checkout`);
  }
  const name = headRepository.split('/').at(-1) ?? '';
  const link = `<a href=${headRepository}/rev/${revision} title='Built from ${name} revision ${revision}'>`;
  say('vcs', `TinderboxPrint:${link}${revision}</a>`);
  return revision;
}

async function update(repository: HgCheckout, store: string, environment: Environment): Promise<void> {
  const { checkout, headRepository, baseRepository, headRef, headRevision, nested } = repository;
  const env = { ...environment, PYTHONUNBUFFERED: '1' };
  const isUsed = entriesOf(join(checkout, '.hg')) !== null;
  if ((await readCommand('vcs', ['hg', 'help', 'robustcheckout'], { env })) === null) {
    await updatePlain(repository, store, env);
  } else {
    const what = headRef === null ? ['--revision', headRevision ?? ''] : ['--branch', headRef];
    const upstream = baseRepository === null ? [] : ['--upstream', baseRepository];
    // Its purge knows no exceptions.
    const purge = nested.length === 0 ? ['--purge'] : [];
    const options = ['--sharebase', store, ...purge, ...upstream, ...what];
    await runRequired('vcs', ['hg', 'robustcheckout', ...options, headRepository, checkout], { env });
  }
  // Files that tasks added have become untracked by the update.
  if (isUsed) await purgeCheckout(checkout, nested, env);
}

/** Looks at what tasks could write to before hg does, which would obey it. */
async function mend(repository: HgCheckout, store: string, env: Environment): Promise<void> {
  const { checkout, headRepository, baseRepository, mounted } = repository;
  const origins: [string, ...string[]] = [baseRepository ?? headRepository, headRepository];
  for (const metadata of directoriesInStore(store)) mendHgDirectory(metadata, origins);
  dropUnfinished(store);
  if (!(await areRecovered(store, env))) removeAll(repository, store);
  dropUnfinished(store);
  if (!sharesStore(checkout, store)) {
    // hg clones into an empty directory alone, so checkouts in this one go too.
    if (entriesOf(checkout)?.length !== 0) removeTree(checkout, mounted);
    return;
  }
  const metadata = join(checkout, '.hg');
  const { wasSet } = markerIn(metadata);
  mendHgDirectory(metadata, origins);
  if (!wasSet) return;
  say('vcs', `${checkout}: a run was killed while it changed this checkout; looking at what it left`);
  if (!(await isSound(checkout, store, env))) removeAll(repository, store);
}

/** Finishes off transactions that were killed. */
async function areRecovered(store: string, env: Environment): Promise<boolean> {
  for (const metadata of directoriesInStore(store)) {
    if (!(entriesOf(join(metadata, 'store')) ?? []).some(({ name }) => name === 'journal')) continue;
    const here = { env, cwd: join(metadata, '..') };
    if ((await runCommand('vcs', ['hg', 'recover', '--no-verify'], here)) !== 0) return false;
  }
  return true;
}

/** Asks hg whether it can read checkout and store. */
async function isSound(checkout: string, store: string, env: Environment): Promise<boolean> {
  for (const metadata of directoriesInStore(store)) {
    const here = { env, cwd: join(metadata, '..') };
    if ((await readCommand('vcs', ['hg', 'log', '--rev', 'tip', '--patch'], here)) === null) return false;
  }
  if (entriesOf(join(checkout, '.hg')) === null) return true;
  return (await readCommand('vcs', ['hg', 'parents'], { env, cwd: checkout })) !== null;
}

function removeAll({ checkout, mounted }: HgCheckout, store: string): void {
  removeTree(checkout, mounted);
  for (const entry of entriesOf(store) ?? []) removeTree(join(store, entry.name));
}

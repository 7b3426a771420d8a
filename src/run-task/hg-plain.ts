import { join, relative } from 'node:path';
import { markerIn } from './checkout-marker.ts';
import { readCommand, runRequired } from './command.ts';
import { entriesOf } from './entries.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import type { HgCheckout } from './hg.ts';

/**
 * What the robustcheckout extension does, for images without it: a clone that shares its store with others of the
 * same repository, the revision pulled when it is not there, everything untracked deleted, a clean update.
 */
export async function updatePlain(
  repository: HgCheckout,
  store: string,
  environment: Environment,
): Promise<void> {
  const { checkout, headRepository, baseRepository, headRef, headRevision, nested, replaceable } = repository;
  const env = { ...environment, HGPLAIN: '1' };
  const here = { env, cwd: checkout };
  const pool = ['extensions.share=', `share.pool=${store}`, 'share.poolnaming=identity'];
  const shared = ['hg', ...pool.flatMap((setting) => ['--config', setting])];
  const isUsed = entriesOf(join(checkout, '.hg')) !== null;
  if (!isUsed) {
    const from = baseRepository ?? headRepository;
    await runRequired('vcs', [...shared, 'clone', '--noupdate', '--pull', '--', from, checkout], { env });
    if (replaceable) markerIn(join(checkout, '.hg')).set();
  }
  const target = headRef === null ? (headRevision ?? '') : await identify(headRef, headRepository, env);
  const known = await readCommand('vcs', [...shared, 'log', '--rev', target, '--template', '{node}'], here);
  if (known === null) {
    await runRequired('vcs', [...shared, 'pull', '--rev', target, '--', headRepository], here);
  }
  if (isUsed) await purgeCheckout(checkout, nested, env);
  await runRequired('vcs', [...shared, 'update', '--clean', '--rev', target], here);
}

/** Deletes what hg does not track, ignored files too, except other repositories' checkouts in this one. */
export async function purgeCheckout(
  checkout: string,
  nested: readonly string[],
  environment: Environment,
): Promise<void> {
  const kept = nested.flatMap((path) => ['--exclude', `path:${relative(checkout, path)}`]);
  const command = ['hg', '--config', 'extensions.purge=', 'purge', '--all', ...kept];
  await runRequired('vcs', command, { env: { ...environment, HGPLAIN: '1' }, cwd: checkout });
}

async function identify(ref: string, repository: string, env: Environment): Promise<string> {
  const command = ['hg', 'identify', '--debug', '--id', '--rev', ref, '--', repository];
  const node = (await readCommand('vcs', command, { env }))?.toString('latin1').trim() ?? '';
  if (/^[0-9a-f]{40}$/.test(node)) return node;
  throw new ExitError(exitCode.error, `error: ${repository} has no ${ref}`);
}

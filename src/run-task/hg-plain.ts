import { join } from 'node:path';
import { readCommand, runRequired } from './command.ts';
import { entriesOf } from './entries.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import type { HgCheckout } from './hg.ts';

/**
 * What the robustcheckout extension does, for images without it: a clone that shares its store with others of the
 * same repository, the revision pulled when it is not there, everything untracked deleted, a clean update.
 */
export async function pullPlain(
  repository: HgCheckout,
  store: string,
  environment: Environment,
): Promise<void> {
  const { checkout, headRepository, baseRepository, headRef, headRevision } = repository;
  const env = { ...environment, HGPLAIN: '1' };
  const here = { env, cwd: checkout };
  const extensions = ['share', 'purge'].flatMap((name) => ['--config', `extensions.${name}=`]);
  const hg = (...args: string[]) => ['hg', ...extensions, ...args];
  if (entriesOf(join(checkout, '.hg')) === null) {
    const pool = ['--config', `share.pool=${store}`, '--config', 'share.poolnaming=identity'];
    const from = baseRepository ?? headRepository;
    await runRequired('vcs', hg(...pool, 'clone', '--noupdate', '--pull', '--', from, checkout), { env });
  }
  const target = headRef === null ? (headRevision ?? '') : await identify(headRef, headRepository, hg, env);
  const known = await readCommand('vcs', hg('log', '--rev', target, '--template', '{node}'), here);
  if (known === null) {
    await runRequired('vcs', hg('pull', '--rev', target, '--', headRepository), here);
  }
  await runRequired('vcs', hg('purge', '--all'), here);
  await runRequired('vcs', hg('update', '--clean', '--rev', target), here);
}

async function identify(
  ref: string,
  repository: string,
  hg: (...args: string[]) => string[],
  env: Environment,
): Promise<string> {
  const command = hg('identify', '--debug', '--id', '--rev', ref, '--', repository);
  const node = (await readCommand('vcs', command, { env }))?.toString('latin1').trim() ?? '';
  if (/^[0-9a-f]{40}$/.test(node)) return node;
  throw new ExitError(exitCode.error, `error: ${repository} has no ${ref}`);
}

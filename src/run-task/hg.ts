import { readCommand, runRequired } from './command.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { expandHome, type Repository } from './repositories.ts';
import { say } from './log.ts';
import { resolve } from 'node:path';

/** Brings a Mercurial checkout to the wanted revision through the shared store; answers the revision. */
export async function checkOutHg(
  repository: Repository & { readonly checkout: string; readonly headRepository: string },
  environment: Environment,
): Promise<string> {
  const { checkout, headRepository, baseRepository, headRef, headRevision } = repository;
  const store = resolve(expandHome(environment['HG_STORE_PATH'] ?? '', environment));
  const env = { ...environment, PYTHONUNBUFFERED: '1' };
  const what = headRef === null ? ['--revision', headRevision ?? ''] : ['--branch', headRef];
  const upstream = baseRepository === null ? [] : ['--upstream', baseRepository];
  const options = ['--sharebase', store, '--purge', ...upstream, ...what];
  await runRequired('vcs', ['hg', 'robustcheckout', ...options, headRepository, checkout], { env });

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

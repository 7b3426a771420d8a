import { readCommand, runRequired } from './command.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { findProgram } from './program.ts';
import type { Repository } from './repositories.ts';

/** Installs the Python requirements that repositories name, with uv where it is there. After fetches, which may bring them. */
export async function installRequirements(
  repositories: readonly Repository[],
  environment: Environment,
): Promise<void> {
  const files = repositories.flatMap(({ pipRequirements }) => pipRequirements ?? []);
  if (files.length === 0) return;
  const hashes = environment['PIP_DISABLE_REQUIRE_HASHES'] === '1' ? [] : ['--require-hashes'];
  const requirements = [...hashes, ...files.flatMap((file) => ['-r', file])];
  const command = [...(await installer(environment)), ...requirements];
  await runRequired('pip-install', command, { env: environment });
}

async function installer(environment: Environment): Promise<string[]> {
  const cwd = process.cwd();
  const python = ['python3', 'python'].find((name) => findProgram(name, environment, cwd).state === 'found');
  if (python === undefined)
    throw new ExitError(exitCode.error, 'error: PIP_REQUIREMENTS without python3 in PATH');
  if (findProgram('uv', environment, cwd).state !== 'found') {
    return [python, '-mpip', 'install', '--user', '--break-system-packages'];
  }
  const base = await readCommand('pip-install', [python, '-msite', '--user-base'], { env: environment });
  if (base === null) throw new ExitError(exitCode.error, `error: ${python} has no user folder`);
  return ['uv', 'pip', 'install', '--python', python, '--prefix', base.toString('utf8').trim()];
}

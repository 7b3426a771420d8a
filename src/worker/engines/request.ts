import { fail } from '../../base/failure.ts';
import type { SandboxRequest } from './engine.ts';

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Refuses what no operating system can start, so that engines need not meet it half way. */
export function checkRequest({ id, commands, env, cwd, mounts }: SandboxRequest): void {
  if (!isSandboxId(id)) throw new Error(`not a sandbox id: ${id}`);
  const texts = [
    ...commands.flat(),
    ...Object.entries(env).flat(),
    cwd ?? '',
    ...mounts.map(({ target }) => target),
  ];
  if (texts.some((text) => text.includes('\0'))) {
    fail('configuration', 'a command, environment variable or path of the task contains a NUL character');
  }
  if (commands.length === 0 || commands.some(([program]) => program === undefined || program === '')) {
    fail('configuration', 'the task has an empty command');
  }
  const badName = Object.keys(env).find((name) => name === '' || name.includes('='));
  if (badName !== undefined) fail('configuration', `not a name for an environment variable: "${badName}"`);
}

/** Safe as a file name, as a container's name and as the value of a variable. */
export function isSandboxId(id: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(id);
}

/** The task's environment, with a PATH where the task has none. */
export function environmentOf({ env }: SandboxRequest): Record<string, string> {
  return { PATH: defaultPath, ...env };
}

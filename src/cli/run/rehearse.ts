import { posix } from 'node:path';
import type { TaskDefinition } from '../../task/definition.ts';

type Artifact = { readonly type?: unknown; readonly path?: unknown };

/**
 * The same task with a harmless command: dependencies, caches, checkouts and artifacts are the real ones, the work
 * is not done and every artifact that the task declares is a placeholder. Images and fetches are left out.
 */
export function rehearse(definition: TaskDefinition): TaskDefinition {
  const { image: _image, features: _features, capabilities: _capabilities, ...payload } = definition.payload;
  const { MOZ_FETCHES: _fetches, ...env } = (payload['env'] ?? {}) as Record<string, unknown>;
  const script = placeholders(artifactsOf(payload['artifacts']));
  return {
    ...definition,
    payload: {
      ...payload,
      ...('image' in definition.payload ? { image: 'rehearsal' } : {}),
      env,
      command: harmless(payload['command'], script),
    },
  };
}

/** Keeps run-task and its options, replaces what it starts. */
function harmless(command: unknown, script: string): unknown {
  const shell = ['sh', '-c', script];
  if (!Array.isArray(command) || command.length === 0) return shell;
  if (Array.isArray(command[0])) return [...command.slice(0, -1), harmless(command.at(-1), script)];
  const separator = command.indexOf('--');
  const wrapped = /(^|\/)run-task$/.test(String(command[0])) && separator > 0;
  return wrapped ? [...command.slice(0, separator + 1), ...shell] : shell;
}

function artifactsOf(artifacts: unknown): Artifact[] {
  if (Array.isArray(artifacts)) return artifacts as Artifact[];
  return Object.values((artifacts ?? {}) as Record<string, Artifact>);
}

function placeholders(artifacts: readonly Artifact[]): string {
  const lines = artifacts.flatMap(({ type, path }) => {
    if (typeof path !== 'string') return [];
    const folder = type === 'file' ? posix.dirname(path) : path;
    const file = type === 'file' ? path : posix.join(path, 'placeholder');
    return [`mkdir -p ${quote(folder)}`, `echo rehearsal > ${quote(file)}`];
  });
  return ['set -e', 'echo "rehearsal: the command of this task is left out"', ...lines].join('\n');
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

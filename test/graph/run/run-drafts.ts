import {
  type Draft,
  type RepoConfig,
  type TransformContext,
} from '../../../src/graph/transforms/transform.ts';
import { run } from '../../../src/graph/transforms/run/run.ts';
import { transformContext, transformed } from '../transforms/transform-context.ts';

export const repository: RepoConfig = {
  prefix: 'ci',
  name: 'Ci',
  baseRepository: 'https://example.com/base',
  headRepository: 'https://example.com/head',
  headRef: 'main',
  headRev: 'abc',
  type: 'git',
  path: '.',
  sshSecretName: null,
};

export const graphConfig: TransformContext['graphConfig'] = {
  ...transformContext().graphConfig,
  workers: {
    aliases: {
      linux: { provisioner: 'p', implementation: 'docker-worker', os: 'linux', 'worker-type': 'w' },
      mac: { provisioner: 'p', implementation: 'generic-worker', os: 'macosx', 'worker-type': 'm' },
      win: { provisioner: 'p', implementation: 'generic-worker', os: 'windows', 'worker-type': 'n' },
    },
  },
};

/** What the run transform makes of drafts, each with a name, a description and docker-worker unless it says otherwise. */
export function runDrafts(
  drafts: readonly Draft[],
  overrides: Partial<TransformContext> = {},
): { readonly drafts: Draft[]; readonly mistakes: string[] } {
  const complete = drafts.map((draft) => ({
    name: 'a',
    description: 'a task',
    'worker-type': 'linux',
    ...draft,
  }));
  const repoConfigs = new Map([['ci', repository]]);
  return transformed(run, complete, { kind: 'work', graphConfig, repoConfigs, ...overrides });
}

/** The `worker` of the one draft that comes out; there must be no mistakes. */
export function workerOf(
  settings: Record<string, unknown>,
  draft: Draft = {},
  overrides: Partial<TransformContext> = {},
): Record<string, unknown> {
  const using = { using: 'run-task', command: 'make', ...settings };
  const { drafts, mistakes } = runDrafts([{ run: using, ...draft }], overrides);
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  return drafts[0]!['worker'] as Record<string, unknown>;
}

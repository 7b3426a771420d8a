import { task } from '../../../src/graph/transforms/task/task.ts';
import type { Draft, TransformContext } from '../../../src/graph/transforms/transform.ts';
import type { Mapping } from '../../../src/graph/values/plain.ts';
import { transformContext, transformed } from '../transforms/transform-context.ts';

/** A configuration with a worker of each kind. */
export const graphConfig: TransformContext['graphConfig'] = {
  'trust-domain': 'domain',
  'task-priority': { 'by-project': { important: 'high', default: 'low' } },
  workers: {
    aliases: {
      docker: {
        provisioner: '{trust-domain}-{level}',
        implementation: 'docker-worker',
        os: 'linux',
        'worker-type': { 'by-level': { '3': 'trusted', default: 'plain' } },
      },
      'generic-.*': {
        provisioner: 'hardware',
        implementation: 'generic-worker',
        os: 'macosx',
        'worker-type': '{alias}-x',
      },
      windows: { provisioner: 'p', implementation: 'generic-worker', os: 'windows', 'worker-type': 'w' },
      mover: { provisioner: 's', implementation: 'beetmover', os: 'scriptworker', 'worker-type': 'mover' },
      nowhere: { provisioner: 'invalid', implementation: 'invalid', os: 'linux', 'worker-type': 'invalid' },
    },
  },
  taskgraph: { repositories: { ci: { name: 'ci' } } },
  treeherder: { 'group-names': { G: 'The group' } },
  index: { products: ['thing'] },
};

export const dockerTask: Draft = {
  name: 'a',
  description: 'about a',
  'worker-type': 'docker',
  worker: { 'docker-image': 'image@sha256:00', 'max-run-time': 600, command: ['run-task', '--', 'true'] },
};

export const genericTask: Draft = {
  name: 'g',
  description: 'about g',
  'worker-type': 'generic-mac',
  worker: { 'max-run-time': 600, command: [['./run-task', '--', 'true']] },
};

/** A description with some of its worker's keys set. */
export function withWorker(draft: Draft, worker: Mapping): Draft {
  return { ...draft, worker: { ...(draft['worker'] as Mapping), ...worker } };
}

type Parameters = Partial<TransformContext['params']>;

/** What the transform makes of one description, its definition and payload; it must find no mistake. */
export function made(
  draft: Draft,
  params: Parameters = {},
  overrides: Partial<TransformContext> = {},
): { readonly result: Draft; readonly definition: Mapping; readonly payload: Mapping } {
  const { drafts, mistakes } = run(draft, params, overrides);
  if (mistakes.length > 0 || drafts.length !== 1) throw new Error(`no task: ${mistakes.join('; ')}`);
  const result = drafts[0]!;
  const definition = result['task'] as Mapping;
  return { result, definition, payload: definition['payload'] as Mapping };
}

/** `path: message` of every mistake in one description. */
export function mistakesIn(
  draft: Draft,
  params: Parameters = {},
  overrides: Partial<TransformContext> = {},
): string[] {
  return run(draft, params, overrides).mistakes;
}

/** Severity and hint of every mistake in one description. */
export function hintsFor(draft: Draft): string[] {
  const context = transformContext({ graphConfig });
  Array.from(task(context, [structuredClone(draft)]));
  return context.mistakes.map(
    ({ severity, hint }) => `${severity}: ${typeof hint === 'function' ? hint() : (hint ?? '')}`,
  );
}

function run(
  draft: Draft,
  params: Parameters,
  overrides: Partial<TransformContext>,
): ReturnType<typeof transformed> {
  const { params: all } = transformContext();
  return transformed(task, [draft], { graphConfig, params: { ...all, ...params }, ...overrides });
}

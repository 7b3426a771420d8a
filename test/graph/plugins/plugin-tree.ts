import { type Compilation, compile, type CompileRequest, type Phase } from '../../../src/graph/compile.ts';
import { configYml, requestFor } from '../core/work-tree.ts';

/** A kind whose tasks go through the plugins `steps` and then need only a `command`. */
export const kindWith = (steps: readonly string[], tasks: string): string =>
  [
    'loader: taskgraph.loader.transform:loader',
    'transforms:',
    ...[...steps, 'taskgraph.transforms.run:transforms', 'taskgraph.transforms.task:transforms'].map(
      (step) => `  - ${step}`,
    ),
    'task-defaults:',
    '  description: something',
    '  worker-type: linux',
    '  worker: {docker-image: debian, max-run-time: 60}',
    '  run: {using: run-task, checkout: false, use-caches: false, command: "true"}',
    tasks,
  ].join('\n');

export interface Tree {
  /** kind.yml files by kind */
  readonly kinds: Readonly<Record<string, string>>;
  /** below taskcluster/ */
  readonly plugins?: Readonly<Record<string, string>>;
  /** lines below `taskgraph:` of config.yml */
  readonly config?: string;
  /** lines below `workers.aliases:` of config.yml */
  readonly aliases?: string;
  readonly request?: Partial<CompileRequest> & { readonly files?: Readonly<Record<string, string>> };
}

export function requestWith({
  kinds,
  plugins = {},
  config = '',
  aliases = '',
  request = {},
}: Tree): CompileRequest {
  const files = Object.fromEntries(
    Object.entries(plugins).map(([name, text]) => [`taskcluster/${name}`, text]),
  );
  return requestFor(kinds, {
    ...request,
    config: configYml
      .replace('taskgraph:\n', `taskgraph:\n${config}`)
      .replace('  aliases:\n', `  aliases:\n${aliases}`),
    files: { ...files, ...request.files },
  });
}

export function compileWith(tree: Tree, phase: Phase = 'full'): Promise<Compilation> {
  return compile(requestWith(tree), phase);
}

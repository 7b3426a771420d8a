import { openRegistry } from '../../../src/graph/plugins/built-in.ts';
import type { GraphTask } from '../../../src/graph/task-graph.ts';
import type { Draft, Mistake, Transform, TransformContext } from '../../../src/graph/transforms/transform.ts';

/** A context with plain values, and a list of what is reported. */
export function transformContext(overrides: Partial<TransformContext> = {}): TransformContext & {
  readonly mistakes: Mistake[];
} {
  const mistakes: Mistake[] = [];
  return {
    kind: 'kind',
    path: 'taskcluster/kinds/kind',
    config: {},
    params: { ...parameters },
    graphConfig: {
      'trust-domain': 'domain',
      'task-priority': 'low',
      workers: { aliases: {} },
      taskgraph: { repositories: { ci: { name: 'ci' } } },
    },
    kindDependenciesTasks: new Map(),
    writeArtifacts: false,
    registry: openRegistry(),
    imagePins: new Map(),
    imageContexts: new Map(),
    repoConfigs: new Map(),
    repository: '/nowhere',
    root: 'taskcluster',
    rootUrl: 'https://tc.example.com',
    wrapper: { 'run-task': 'ab'.repeat(32), 'fetch-content': 'ef'.repeat(32) },
    decisionTaskId: null,
    report: (mistake) => mistakes.push(mistake),
    ...overrides,
    mistakes,
  };
}

const parameters: TransformContext['params'] = {
  base_repository: 'https://example.com/repo',
  base_ref: 'main',
  base_rev: '0'.repeat(40),
  build_date: 1700000000,
  build_number: 1,
  do_not_optimize: [],
  enable_always_target: true,
  existing_tasks: {},
  files_changed: [],
  filters: [],
  head_ref: 'main',
  head_repository: 'https://example.com/repo',
  head_rev: '1'.repeat(40),
  head_tag: '',
  level: '3',
  moz_build_date: '20231114221320',
  next_version: null,
  optimize_strategies: null,
  optimize_target_tasks: true,
  owner: 'someone@example.com',
  project: 'repo',
  pushdate: 1700000000,
  pushlog_id: '0',
  repository_type: 'git',
  target_tasks_method: 'default',
  tasks_for: 'github-push',
  version: '1.2.3',
};

/** A finished task of another kind, `<kind>-<name>`. */
export function graphTask(kind: string, name: string, attributes: Record<string, unknown> = {}): GraphTask {
  return {
    kind,
    label: `${kind}-${name}`,
    description: '',
    attributes,
    task: {},
    optimization: null,
    dependencies: {},
    softDependencies: [],
    ifDependencies: [],
  };
}

export function byLabel(...tasks: readonly GraphTask[]): Map<string, GraphTask> {
  return new Map(tasks.map((task) => [task.label, task]));
}

/** What a transform makes of drafts, and the messages of what it reports, each with its path in front. */
export function transformed(
  transform: Transform,
  drafts: readonly Draft[],
  overrides: Partial<TransformContext> = {},
): { readonly drafts: Draft[]; readonly mistakes: string[] } {
  const context = transformContext(overrides);
  const made = [...transform(context, structuredClone(drafts) as Draft[])];
  const mistakes = context.mistakes.map(({ path = [], message }) => `${path.join('.')}: ${message}`);
  return { drafts: made, mistakes };
}

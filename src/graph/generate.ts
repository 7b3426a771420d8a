import type { Configuration } from './load/configuration.ts';
import type { ContextRequest, WrapperDigests } from './docker-context/context.ts';
import type { ImagePins } from './load/image-lock.ts';
import type { KindFile } from './load/kind-file.ts';
import { loadTasks } from './load/load-tasks.ts';
import { type Origin, Origins, placeInTask } from './load/origins.ts';
import { kindPipeline } from './kind-pipeline.ts';
import type { Mistakes } from './mistakes.ts';
import type { Parameters } from './parameters/parameters.ts';
import { repositoryConfigs } from './repository-configs.ts';
import type { Registry } from './plugins/registry.ts';
import type { GraphTask } from './task-graph.ts';
import type { Draft, Mistake, RepoConfig, TransformContext } from './transforms/transform.ts';

export interface GenerateRequest {
  readonly root: string;
  readonly repository: string;
  readonly parameters: Parameters;
  readonly wrapper: WrapperDigests;
  readonly rootUrl: string | null;
  readonly decisionTaskId: string | null;
  /** default: false */
  readonly writeArtifacts?: boolean;
  readonly imagePins: ImagePins;
}

/** All tasks of all kinds, and where each was written. */
export interface FullTaskSet {
  readonly tasks: ReadonlyMap<string, GraphTask>;
  readonly origins: ReadonlyMap<string, Origin>;
  /** by the image's name */
  readonly imageContexts: ReadonlyMap<string, ContextRequest>;
}

/** Makes the tasks of every kind, kind after kind. What is wrong is in `mistakes`, and left out. */
export async function generateTasks(
  configuration: Configuration,
  request: GenerateRequest,
  registry: Registry,
  mistakes: Mistakes,
): Promise<FullTaskSet> {
  const tasks = new Map<string, GraphTask>();
  const origins = new Map<string, Origin>();
  const imageContexts = new Map<string, ContextRequest>();
  const ofKinds = new Map<string, Map<string, GraphTask>>();
  const broken = new Set<string>();
  let repositories: ReadonlyMap<string, RepoConfig> | undefined;

  for (const kind of configuration.kinds) {
    const steps = kindPipeline(kind, registry, mistakes);
    if (steps === null) {
      broken.add(kind.name);
      continue;
    }
    const draftOrigins = new Origins();
    const context: TransformContext = {
      kind: kind.name,
      path: kind.path,
      root: request.root,
      repository: request.repository,
      wrapper: request.wrapper,
      rootUrl: request.rootUrl,
      decisionTaskId: request.decisionTaskId,
      config: kind.config,
      params: request.parameters,
      graphConfig: configuration.config,
      kindDependenciesTasks: tasksOfKinds(ofKinds, kind.dependencies),
      registry,
      writeArtifacts: request.writeArtifacts ?? false,
      imagePins: request.imagePins,
      imageContexts,
      get repoConfigs() {
        repositories ??= repositoryConfigs(configuration, request.parameters, mistakes);
        return repositories;
      },
      report: (mistake) => {
        if (mistake.missesTask && [kind.name, ...kind.dependencies].some((name) => broken.has(name))) return;
        if (mistake.severity === 'error') broken.add(kind.name);
        tell(mistake, kind, draftOrigins, mistakes);
      },
    };
    let drafts: Iterable<Draft> = loadTasks(kind, draftOrigins);
    for (const { transform, path } of steps) {
      const spot = { file: kind.file, path };
      drafts =
        typeof transform === 'function'
          ? draftOrigins.through(drafts, (given) => transform(context, given))
          : await transform.run(context, [...drafts], { origins: draftOrigins, spot });
    }
    const ofKind = new Map<string, GraphTask>();
    ofKinds.set(kind.name, ofKind);
    for (const draft of drafts) {
      const task = addTask(draft, { kind, origin: draftOrigins.of(draft), tasks, origins, mistakes });
      if (task === null) broken.add(kind.name);
      else ofKind.set(task.label, task);
    }
  }
  return { tasks, origins, imageContexts };
}

/** In the order in which they were made: kind after kind. */
function tasksOfKinds(
  made: ReadonlyMap<string, ReadonlyMap<string, GraphTask>>,
  kinds: readonly string[],
): ReadonlyMap<string, GraphTask> {
  return new Map([...made].flatMap(([kind, tasks]) => (kinds.includes(kind) ? [...tasks] : [])));
}

function tell(mistake: Mistake, kind: KindFile, origins: Origins, mistakes: Mistakes): void {
  const { severity, message, draft, path, hint, place } = mistake;
  const origin = draft === undefined ? undefined : origins.of(draft);
  const inKind = origin === undefined ? kind.file.placeOf([]) : placeInTask(origin, path ?? []);
  mistakes.add({
    severity,
    message,
    place: place ?? inKind,
    about: aboutTask(kind.name, origin),
    ...(place === undefined ? {} : { related: [{ message: 'the task', place: inKind }] }),
    ...(hint === undefined ? {} : { hint }),
  });
}

export function aboutTask(kind: string, origin: Origin | undefined): string {
  return origin === undefined ? `kind ${kind}` : `task ${origin.name} of kind ${kind}`;
}

interface Adding {
  readonly kind: KindFile;
  readonly origin: Origin | undefined;
  readonly tasks: Map<string, GraphTask>;
  readonly origins: Map<string, Origin>;
  readonly mistakes: Mistakes;
}

function addTask(draft: Draft, { kind, origin, tasks, origins, mistakes }: Adding): GraphTask | null {
  const { label, task } = draft;
  if (typeof label !== 'string' || typeof task !== 'object' || task === null) {
    mistakes.add({
      severity: 'error',
      message: `the transforms of kind "${kind.name}" make no task definitions`,
      place: kind.file.placeOf(['transforms']),
      hint: 'the last of them must be taskgraph.transforms.task:transforms',
    });
    return null;
  }
  const first = origins.get(label);
  if (tasks.has(label)) {
    mistakes.add({
      severity: 'error',
      message: `two tasks have the label "${label}"`,
      place: origin === undefined ? kind.file.placeOf([]) : placeInTask(origin, []),
      ...(first === undefined || first === origin
        ? {}
        : { related: [{ message: 'the other one', place: placeInTask(first, []) }] }),
      ...(first === origin ? { hint: 'one task became several: let their names differ' } : {}),
    });
    return null;
  }
  const made = toGraphTask(label, kind.name, draft);
  tasks.set(label, made);
  if (origin !== undefined) origins.set(label, origin);
  return made;
}

function toGraphTask(label: string, kind: string, draft: Draft): GraphTask {
  return {
    kind,
    label,
    description: (draft.description ?? '') as string,
    attributes: { ...(draft.attributes as Record<string, unknown> | undefined), kind },
    task: draft.task as Record<string, unknown>,
    optimization: (draft.optimization ?? null) as Record<string, unknown> | null,
    dependencies: (draft.dependencies ?? {}) as Record<string, string>,
    softDependencies: (draft['soft-dependencies'] ?? []) as readonly string[],
    ifDependencies: (draft['if-dependencies'] ?? []) as readonly string[],
  };
}

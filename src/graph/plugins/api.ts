// The types of `caisson/plugin`, version 1. No imports: this file is what plugin authors get as declarations.

/** What YAML and JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A mapping as it is read: frozen. */
export type JsonObject = { readonly [key: string]: Json };

/** A task on its way through the transforms of its kind: JSON whose shape every transform changes. */
export type Task = { [key: string]: unknown };

/** Where in a task something is: keys of mappings, positions in lists. */
export type Path = readonly (string | number)[];

/** A task as the transforms have made it. Frozen. */
export interface GraphTask {
  readonly kind: string;
  readonly label: string;
  readonly description: string;
  readonly attributes: JsonObject;
  /** the task definition; references are resolved only after optimization */
  readonly task: JsonObject;
  /** strategy name to its argument */
  readonly optimization: JsonObject | null;
  /** dependency name to label */
  readonly dependencies: { readonly [name: string]: string };
  readonly softDependencies: readonly string[];
  readonly ifDependencies: readonly string[];
  /** from optimization on */
  readonly taskId?: string;
}

/** The parameters of the decision task; the keys of parameters.yml. Frozen. */
export interface Parameters {
  readonly base_repository: string;
  readonly base_ref: string | null;
  readonly base_rev: string;
  readonly build_date: number;
  readonly build_number: number;
  readonly files_changed: readonly string[];
  readonly head_ref: string;
  readonly head_repository: string;
  readonly head_rev: string;
  readonly head_tag: string;
  readonly level: string;
  readonly moz_build_date: string;
  readonly next_version: string | null;
  readonly owner: string;
  readonly project: string;
  readonly pushdate: number;
  readonly pushlog_id: string;
  readonly repository_type: string;
  readonly target_tasks_method: string;
  readonly tasks_for: string;
  readonly version: string | null;
  readonly [key: string]: Json;
}

/** config.yml. Frozen. */
export interface GraphConfig {
  readonly 'trust-domain': string;
  readonly [key: string]: Json;
}

/** A repository that tasks check out; the one that is compiled comes first. */
export interface Repository {
  readonly prefix: string;
  readonly name: string;
  readonly baseRepository: string;
  readonly headRepository: string;
  readonly headRef: string;
  readonly headRev: string | null;
  readonly type: string;
  readonly path: string;
  readonly sshSecretName: string | null;
}

/** Something that the author of kind.yml has to put right. */
export interface Mistake {
  readonly message: string;
  /** default: error */
  readonly severity?: 'error' | 'warning';
  /** the task, or its label; default: the one that was taken last */
  readonly task?: object | string;
  readonly path?: Path;
  /** what to do about it */
  readonly hint?: string;
}

/** What all plugins can look at. */
export interface Surroundings {
  readonly params: Parameters;
  readonly graphConfig: GraphConfig;
  /** the folder of config.yml, as the user typed it */
  readonly root: string;
  /** the repository's top, an absolute path */
  readonly repository: string;
  /** tells a mistake, at its place in kind.yml, and goes on */
  report(mistake: Mistake): void;
}

/** What plugins that work on the tasks of one kind can look at. */
export interface Config extends Surroundings {
  readonly kind: string;
  /** the kind's folder, `<root>/kinds/<kind>` */
  readonly path: string;
  /** the whole content of kind.yml */
  readonly config: JsonObject;
  /** the finished tasks of the kinds in `kind-dependencies`, by label */
  readonly kindDependenciesTasks: ReadonlyMap<string, GraphTask>;
  readonly repoConfigs: ReadonlyMap<string, Repository>;
  /** false unless a decision task compiles */
  readonly writeArtifacts: boolean;
}

/** Tasks, at once or one after the other. */
export type Tasks = Iterable<object> | AsyncIterable<object> | Promise<Iterable<object>>;

/**
 * Gives tasks for tasks: fewer, more, others. The tasks it gets are its own and may be changed. Several in a list are
 * gone through one after the other. `In`: what the tasks look like that come in.
 */
export type Transform<In = Task> =
  | ((config: Config, tasks: readonly In[]) => Tasks)
  | readonly Transform<never>[];

/** Gives the first tasks of a kind. `tasks`: what the built-in loader makes of `tasks` and `tasks-from`. */
export type Loader<In = Task> = (config: Config, tasks: readonly In[]) => Tasks;

/** Tells all that is wrong with a value. See `keys`, `listOf`, `text` … */
export interface Schema<T = unknown> {
  (value: unknown, path: Path, tell: (mistake: SchemaMistake) => void): void;
  accepts?(value: unknown): boolean;
  /** only for the compiler: what a right value is */
  readonly '~type'?: T;
}

export interface SchemaMistake {
  readonly message: string;
  readonly path: Path;
  readonly hint?: string;
}

/** What a value is that a schema takes. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/** Keys of a mapping that a plugin adds a meaning to; others are told as a warning. */
export interface Keys {
  readonly required?: { readonly [key: string]: Schema };
  readonly optional?: { readonly [key: string]: Schema };
}

/** One value of `run.using`. */
export interface RunUsing {
  /** worker implementations it can make tasks for, e.g. `docker-worker` */
  readonly implementations: readonly string[];
  /** the keys of `run` beside `using` and `workdir` */
  readonly keys?: Keys;
  readonly defaults?: JsonObject;
  /** gives the task with all that `task.run` asks for, mostly in `worker`; `run` is taken out afterwards */
  configure(config: Config, task: Task): Task;
}

/** How the payload of one worker implementation is made. */
export interface PayloadBuilder {
  /** the keys of `worker` beside `implementation` and `os` */
  readonly keys?: Keys;
  readonly defaults?: JsonObject;
  /** `definition` has everything but `payload`; gives it with `payload` */
  build(config: Config, task: Task, definition: Task): Task;
}

/** One value of `index.type`: gives the task with its routes, and `extra.index.rank`. */
export type IndexBuilder = (config: Config, task: Task) => Task;

/** One value of `fetch.type`. */
export interface FetchBuilder {
  /** the keys of `fetch` beside `type` */
  readonly keys?: Keys;
  build(config: Config, fetch: Task): FetchCommand;
}

export interface FetchCommand {
  readonly command: readonly string[];
  readonly artifactName: string;
  readonly env?: { readonly [name: string]: string };
  /** all that determines the artifact: equal lines, equal artifact */
  readonly digestData: readonly string[];
  /** the secret that the task reads */
  readonly secret?: string;
}

/** One way to group tasks in from-deps: each group makes one task. */
export type GroupBy = (
  config: Config,
  tasks: readonly GraphTask[],
  /** of `group-by: {name: argument}`; null without one */
  argument: Json,
) => Iterable<readonly GraphTask[]>;

/** One way to name a task of from-deps. */
export type SetName = (
  config: Config,
  tasks: readonly GraphTask[],
  primary: GraphTask,
  primaryKind: string,
) => string;

/** Values for `task-context`, named in `from-custom`. */
export type TaskContext = (config: Config, task: JsonObject) => JsonObject;

/** Gives the labels of the tasks that are wanted. */
export type TargetMethod = (
  tasks: ReadonlyMap<string, GraphTask>,
  surroundings: Surroundings,
) => Iterable<string>;

/** One way to leave tasks out. */
export interface Strategy {
  /** true when nobody needs the task */
  removes?(task: GraphTask, params: Parameters, argument: Json): boolean;
  /** index paths, the best first: a task that is found at one and has not failed does instead */
  indexes?(task: GraphTask, argument: Json): readonly string[];
}

/**
 * A strategy, or others put together; a name stands for the strategy of that name. All parts get the same argument,
 * unless `split` gives one for each.
 */
export type Strategies =
  | Strategy
  | string
  | { readonly any: readonly Strategies[]; readonly split?: Split }
  | { readonly all: readonly Strategies[]; readonly split?: Split }
  | { readonly not: Strategies };

export type Split = (argument: Json) => readonly Json[];

/** The parts of compiling after which a graph can be verified. */
export type GraphPhase = 'full' | 'target' | 'target-graph' | 'optimized' | 'morphed';

/** Looks at a whole graph and reports what is wrong with it. */
export type Verification = (tasks: ReadonlyMap<string, GraphTask>, surroundings: Surroundings) => void;

/** Gives the tasks of the optimized graph in another form; a new task gets an id when it has none. */
export type Morph = (tasks: readonly GraphTask[], surroundings: Surroundings) => Iterable<GraphTask>;

/** Something that people start from a user interface on a task group. */
export interface Action {
  readonly name: string;
  readonly title: string;
  /** 1 to 25 characters */
  readonly symbol: string;
  /** Markdown */
  readonly description: string;
  /** unique; default: the name */
  readonly callbackName?: string;
  /** default: 10000 */
  readonly order?: number;
  /** default: generic */
  readonly permission?: string;
  /** for tasks that have all tags of one of these sets; default, and when empty: for the whole group */
  readonly context?: readonly TagSet[] | ((params: Parameters) => readonly TagSet[]);
  /** default: always */
  available?(params: Parameters): boolean;
  /** JSON Schema of the input; default: there is none */
  readonly schema?: JsonObject | ((graphConfig: GraphConfig) => JsonObject);
  callback(call: ActionCall): void | Promise<void>;
}

export type TagSet = { readonly [tag: string]: string };

export interface ActionCall {
  readonly params: Parameters;
  readonly graphConfig: GraphConfig;
  readonly input: Json;
  readonly taskGroupId: string;
  /** the task it was started on; null for the whole group */
  readonly taskId: string | null;
  /** the decision task's full graph, as later actions have changed it */
  fullTaskGraph(): Promise<ReadonlyMap<string, GraphTask>>;
  labelToTaskId(): Promise<ReadonlyMap<string, string>>;
  task(taskId: string): Promise<JsonObject>;
  state(taskId: string): Promise<TaskState>;
  /** task ids of a task group, without the task that runs the callback */
  unresolvedTasks(taskGroupId: string): Promise<readonly string[]>;
  /** creates tasks of the full graph and what they need; `change` may give another one. Gives ids by label. */
  createTasks(
    labels: readonly string[],
    change?: (task: GraphTask) => GraphTask,
  ): Promise<ReadonlyMap<string, string>>;
  createTask(taskId: string, definition: JsonObject): Promise<void>;
  /** does what a decision task does, with parameters like `{ ...params, target_tasks_method: 'ship' }` */
  decide(parameters: Parameters): Promise<void>;
  rerunTask(taskId: string): Promise<void>;
  cancelTask(taskId: string): Promise<void>;
  /** asks every worker of a task queue to drop a cache */
  purgeCache(taskQueueId: string, cacheName: string): Promise<void>;
  /** tells whoever reads the log */
  tell(message: string): void;
}

export type TaskState = 'unscheduled' | 'pending' | 'running' | 'completed' | 'failed' | 'exception';

/** What `taskgraph.register` of config.yml adds to. A name that is taken is an error. */
export interface Registry {
  readonly graphConfig: GraphConfig;
  runUsing(name: string, runUsing: RunUsing): void;
  payloadBuilder(implementation: string, builder: PayloadBuilder): void;
  indexType(name: string, build: IndexBuilder): void;
  fetchType(name: string, builder: FetchBuilder): void;
  groupBy(name: string, groupBy: GroupBy): void;
  setName(name: string, setName: SetName): void;
  taskContext(name: string, context: TaskContext): void;
  targetMethod(name: string, method: TargetMethod): void;
  /** named in the parameter `filters`: gives those of the tasks that it lets through */
  filter(name: string, filter: TargetMethod): void;
  strategy(name: string, strategy: Strategies): void;
  verification(phase: GraphPhase, verify: Verification): void;
  morph(morph: Morph): void;
  /** checks parameters of the project's own */
  parameters(schema: Keys): void;
  /** checks keys of config.yml that are the project's own, at their place */
  config(schema: Keys): void;
  action(action: Action): void;
}

/** `taskgraph.register` */
export type Register = (registry: Registry) => void | Promise<void>;

/** `taskgraph.decision-parameters`: gives the parameters that the decision task works with. */
export type DecisionParameters = (
  graphConfig: GraphConfig,
  params: Parameters,
) => { readonly [key: string]: Json } | Promise<{ readonly [key: string]: Json }>;

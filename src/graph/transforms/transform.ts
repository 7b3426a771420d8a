import type { Diagnostic, Place } from '../../base/diagnostic.ts';
import type { ContextRequest, WrapperDigests } from '../docker-context/context.ts';
import type { GraphConfig } from '../graph-config.ts';
import type { ImagePins } from '../load/image-lock.ts';
import type { Hint } from '../mistakes.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Registry } from '../plugins/registry.ts';
import type { GraphTask } from '../task-graph.ts';

/** A task on its way from kind.yml to a task definition: JSON data whose shape each transform changes. */
export type Draft = Record<string, unknown>;

/** One repository that tasks check out, as the transforms see it. */
export interface RepoConfig {
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

/** What a transform may look at. Transforms are pure: no file is written, no network is asked, no clock is read. */
export interface TransformContext {
  readonly kind: string;
  /** the kind's directory, `<root>/kinds/<kind>` */
  readonly path: string;
  /** the folder of config.yml, as the user typed it */
  readonly root: string;
  /** the repository's top: relative paths start here */
  readonly repository: string;
  readonly wrapper: WrapperDigests;
  /** where Taskcluster is; null when nobody said */
  readonly rootUrl: string | null;
  /** the decision task that this compilation is; null outside of one */
  readonly decisionTaskId: string | null;
  /** the whole content of kind.yml */
  readonly config: Readonly<Record<string, unknown>>;
  readonly params: Parameters;
  readonly graphConfig: GraphConfig;
  /** tasks of the kinds named in `kind-dependencies`, by label, in the order in which they were made */
  readonly kindDependenciesTasks: ReadonlyMap<string, GraphTask>;
  readonly writeArtifacts: boolean;
  /** what `run.using`, `worker.implementation` and so on can name */
  readonly registry: Registry;
  /** images by tag to their digests, as committed */
  readonly imagePins: ImagePins;
  /** the docker contexts that tasks build images from, by the image's name: whoever compiles may write them out */
  readonly imageContexts: Map<string, ContextRequest>;
  /** current repository first */
  readonly repoConfigs: ReadonlyMap<string, RepoConfig>;
  /**
   * Reports a mistake and goes on. `path` is where in the task it is, e.g. `['worker', 'docker-image']`;
   * the place in the file is looked up from the draft's origin when the message is drawn.
   */
  report(mistake: Mistake): void;
}

/** A mistake in a draft, not yet drawn. */
export interface Mistake {
  readonly severity: Diagnostic['severity'];
  readonly message: string;
  /** the task, by its name in kind.yml when it is known */
  readonly draft?: Draft;
  readonly path?: readonly (string | number)[];
  readonly hint?: Hint;
  /** a task is missing: nothing to tell where it may have been left out because of another mistake */
  readonly missesTask?: boolean;
  /** where it went wrong when that is not in the draft: in a plugin; the draft's place is told beside it */
  readonly place?: Place;
}

/**
 * One step: takes drafts, gives drafts (fewer, more, others). May change the drafts it is given, which belong to it.
 * A draft for which an error was reported is left out of what it gives.
 */
export type Transform = (context: TransformContext, drafts: Iterable<Draft>) => Iterable<Draft>;

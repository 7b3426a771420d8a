import type { TransformContext } from '../transforms/transform.ts';
import type {
  Config,
  GraphConfig,
  JsonObject,
  Mistake,
  Parameters,
  Repository,
  Surroundings,
} from './api.ts';
import { GraphView } from './graph-view.ts';
import { frozenCopy } from './hand-over.ts';

const copies = new WeakMap<object, unknown>();

/** A frozen copy that is made once for each original; the original must not change any more. */
export function shown(original: object): unknown {
  if (!copies.has(original)) copies.set(original, frozenCopy(original));
  return copies.get(original);
}

/** What a plugin that works on the tasks of a kind can look at. */
export function configFor(context: TransformContext, report: (mistake: Mistake) => void): Config {
  const config: Config = {
    kind: context.kind,
    path: context.path,
    root: context.root,
    repository: context.repository,
    config: shown(context.config) as JsonObject,
    params: shown(context.params) as Parameters,
    graphConfig: shown(context.graphConfig) as GraphConfig,
    kindDependenciesTasks: new GraphView(context.kindDependenciesTasks),
    writeArtifacts: context.writeArtifacts,
    get repoConfigs() {
      return new Map([...context.repoConfigs].map(([prefix, one]) => [prefix, shown(one) as Repository]));
    },
    report,
  };
  return Object.freeze(config);
}

/** What a plugin that works on a whole graph can look at. */
export function surroundingsFor(
  place: Pick<TransformContext, 'params' | 'graphConfig' | 'root' | 'repository'>,
  report: (mistake: Mistake) => void,
): Surroundings {
  return Object.freeze({
    params: shown(place.params) as Parameters,
    graphConfig: shown(place.graphConfig) as GraphConfig,
    root: place.root,
    repository: place.repository,
    report,
  });
}

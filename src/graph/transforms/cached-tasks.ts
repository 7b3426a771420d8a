import { compareCodePoints } from '../../base/hash.ts';
import { didYouMean } from '../../base/suggest.ts';
import { described, keys, listOf, nullable, type Shape, text } from '../load/shape.ts';
import { isMapping, own } from '../values/plain.ts';
import { pythonText } from '../values/python-text.ts';
import { addCacheOptimization, type CachedTask } from './cache-index.ts';
import { MissingTaskError, stepThrough } from './draft-step.ts';
import { shaped } from './draft-shape.ts';
import type { Draft, Transform, TransformContext } from './transform.ts';

/** Keys of a task that `cached_tasks` knows. */
export const cachedTasksKeys: Readonly<Record<string, Shape>> = {
  cache: described(
    'Replaces the task by an indexed one with the same digest.',
    nullable(keys({ required: { type: text, name: text, 'digest-data': listOf(text) } })),
  ),
};
const shape = keys({ optional: cachedTasksKeys, unknown: 'allowed' });

/**
 * `cache: {type, name, digest-data}`: lets the task be replaced by one that the index holds under the same digest. What the
 * tasks it depends on are cached under is part of the digest, so all of them must be cached. Drafts come out with parents
 * of the same kind first.
 */
export const cachedTasks: Transform = function* (context, drafts) {
  const digests = new Map<string, string>();
  const known = new Set(context.kindDependenciesTasks.keys());
  for (const { label, attributes } of context.kindDependenciesTasks.values()) {
    const cached = own(attributes, 'cached_task');
    if (isMapping(cached)) digests.set(label, digestText(cached as unknown as CachedTask));
  }
  const right = shaped(context, drafts, { required: ['label'], shape });
  const all = [...right];
  for (const { label } of all) known.add(String(label));
  yield* stepThrough(context, parentsFirst(context, all), (draft) => {
    // The drafts were all taken already: each must stay the object whose origin is known.
    const { cache } = draft;
    delete draft.cache;
    if (!isMapping(cache)) return draft;
    const parents = dependenciesOf(draft).map(([name, parent]) => {
      const digest = digests.get(parent);
      if (digest !== undefined) return digest;
      // The kind of images has a key of its own for it.
      const path = name === 'parent' ? ['parent'] : ['dependencies', name];
      if (!known.has(parent)) {
        const message = `there is no task "${parent}" to depend on`;
        throw new MissingTaskError(message, path, () => didYouMean(parent, known));
      }
      const message = `the task is cached, but depends on "${parent}", which is not`;
      throw new MissingTaskError(message, path);
    });
    const digestData = [...(cache['digest-data'] as string[]), ...parents.sort(compareCodePoints)];
    const chainOfTrust = isMapping(draft.worker) ? own(draft.worker, 'chain-of-trust') : undefined;
    if (chainOfTrust) digestData.push(pythonText(chainOfTrust));
    const cached = addCacheOptimization(context, draft, {
      type: String(cache.type),
      name: String(cache.name),
      digestData,
    });
    digests.set(String(draft.label), digestText(cached));
    return draft;
  });
};

function digestText({ type, name, digest }: CachedTask): string {
  return `${type}/${name}/${digest}`;
}

function dependenciesOf(draft: Draft): [name: string, label: string][] {
  if (!isMapping(draft.dependencies)) return [];
  return Object.entries(draft.dependencies).map(([name, label]) => [name, String(label)]);
}

/** The drafts in their order, but each after those that it depends on. Drafts in a circle are reported and left out. */
function* parentsFirst(context: TransformContext, all: readonly Draft[]): Generator<Draft> {
  const byLabel = new Map(all.map((draft) => [String(draft.label), draft]));
  const state = new Map<Draft, 'open' | 'done'>();
  const ordered: Draft[] = [];

  const visit = (draft: Draft): void => {
    state.set(draft, 'open');
    for (const [name, label] of dependenciesOf(draft)) {
      const parent = byLabel.get(label);
      if (!parent || state.get(parent) === 'done') continue;
      if (state.get(parent) === 'open') {
        context.report({
          severity: 'error',
          message: `the task depends on "${label}", which depends on it`,
          draft,
          path: name === 'parent' ? ['parent'] : ['dependencies', name],
        });
        continue;
      }
      visit(parent);
    }
    state.set(draft, 'done');
    ordered.push(draft);
  };

  for (const draft of all) if (!state.has(draft)) visit(draft);
  yield* ordered;
}

import { didYouMean } from '../../base/suggest.ts';
import {
  anything,
  described,
  either,
  flag,
  keys,
  listOf,
  mapOf,
  nullable,
  type Shape,
  text,
} from '../load/shape.ts';
import type { GraphTask } from '../task-graph.ts';
import { attributesMatch } from '../values/attributes.ts';
import { deepCopy } from '../values/copy.ts';
import { getDependencies } from '../values/dependencies.ts';
import { isMapping, type Mapping, onlyKey, own, setOwn } from '../values/plain.ts';
import { formatPython } from '../values/python-format.ts';
import { pythonText } from '../values/python-text.ts';
import { DraftError, inField, stepThrough } from './draft-step.ts';
import { shaped } from './draft-shape.ts';
import type { Draft, Transform, TransformContext } from './transform.ts';

const fetchEntry = keys({
  required: { artifact: text },
  optional: { dest: nullable(text), extract: nullable(flag), 'verify-hash': nullable(flag) },
});

/** Keys of a task that `from_deps` knows. */
export const fromDepsKeys: Readonly<Record<string, Shape>> = {
  'from-deps': described(
    'One task for every group of tasks of the kinds it depends on.',
    keys({
      optional: {
        kinds: described('Default: all "kind-dependencies".', nullable(listOf(text))),
        'set-name': described('strip-kind (default), retain-kind, or false.', anything),
        'with-attributes': described(
          'Only tasks that have these attributes: a text, or one of a list.',
          nullable(mapOf(either(Array.isArray, listOf(anything), text))),
        ),
        'group-by': described('single (default), all, or {attribute: <name>}.', anything),
        'copy-attributes': described('Take the attributes of the primary task.', nullable(flag)),
        'unique-kinds': described('A group has one task of a kind; default: true.', nullable(flag)),
        fetches: described('Artifacts of the group, by kind.', nullable(mapOf(listOf(fetchEntry)))),
      },
    }),
  ),
};
const shape = keys({ optional: fromDepsKeys, unknown: 'allowed' });

/**
 * `from-deps`: makes a draft for every group of tasks of the kind's dependencies, which depends on the tasks of its group.
 * The first kind of `kinds` that is in a group is the primary one: its task gives the name and, if asked, attributes.
 */
export const fromDeps: Transform = (context, drafts) =>
  stepThrough(context, shaped(context, drafts, { required: ['from-deps'], shape }), (draft) => {
    const { 'from-deps': config, ...task } = draft;
    if (!isMapping(config)) return task;
    const kinds = wantedKinds(context, config);
    const conditions = own(config, 'with-attributes') as Mapping | null | undefined;
    const dependencies = [...context.kindDependenciesTasks.values()].filter(
      ({ kind, attributes }) =>
        kinds.includes(kind) && (!conditions || attributesMatch(attributes, conditions)),
    );
    return groups(context, config, dependencies).map((group) =>
      draftForGroup(context, task, { config, kinds, group, dependencies }),
    );
  });

function wantedKinds(context: TransformContext, config: Mapping): readonly string[] {
  const known = (context.config['kind-dependencies'] ?? []) as readonly string[];
  const kinds = (own(config, 'kinds') ?? known) as readonly string[];
  for (const kind of kinds) {
    if (known.includes(kind)) continue;
    const hint = didYouMean(kind, known);
    throw new DraftError(
      `kind "${kind}" is not one of the "kind-dependencies"`,
      ['from-deps', 'kinds'],
      hint,
    );
  }
  if (kinds.length === 0) {
    throw new DraftError('"from-deps" needs at least one kind in "kind-dependencies"', ['from-deps']);
  }
  return kinds;
}

function groups(
  context: TransformContext,
  config: Mapping,
  tasks: readonly GraphTask[],
): readonly (readonly GraphTask[])[] {
  const known = context.registry.groupBy;
  const groupBy = own(config, 'group-by') ?? 'single';
  const path = ['from-deps', 'group-by'];
  const name = typeof groupBy === 'string' ? groupBy : onlyKey(groupBy);
  if (name === undefined) throw new DraftError('"group-by" must be a name, or a mapping of one', path);
  const found = known.get(name);
  if (!found) {
    throw new DraftError(`there is no way to group by "${name}"`, path, didYouMean(name, known.keys()));
  }
  const argument = isMapping(groupBy) ? groupBy[name] : undefined;
  if (found.argument === 'none') {
    if (argument !== undefined) throw new DraftError(`"group-by: ${name}" takes no argument`, path);
    return found.group(tasks, undefined, context);
  }
  if (found.argument === 'string' && typeof argument !== 'string')
    throw new DraftError(`"group-by: {${name}: …}" needs a text`, path);
  return found.group(tasks, argument, context);
}

interface Group {
  readonly config: Mapping;
  readonly kinds: readonly string[];
  readonly group: readonly GraphTask[];
  /** all that were grouped */
  readonly dependencies: readonly GraphTask[];
}

function draftForGroup(context: TransformContext, task: Draft, given: Group): Draft {
  const { config, kinds, group } = given;
  const uniqueKinds = own(config, 'unique-kinds') ?? true;
  if (uniqueKinds && new Set(group.map(({ kind }) => kind)).size < group.length) {
    throw new DraftError(
      `a group has several tasks of one kind: ${group.map(({ label }) => label).join(', ')}`,
      ['from-deps', 'group-by'],
      'with "unique-kinds: false" that is allowed',
    );
  }
  const primaryKind = kinds.find((wanted) => group.some(({ kind }) => kind === wanted));
  const primary = group.find(({ kind }) => kind === primaryKind);
  if (primaryKind === undefined || !primary) {
    throw new DraftError('no task of the kinds of "from-deps" is in the group', ['from-deps']);
  }
  const nameOf = ({ kind, label }: GraphTask) => (uniqueKinds ? kind : label);

  const draft = deepCopy(task);
  const dependencies: Mapping = isMapping(draft.dependencies) ? draft.dependencies : {};
  for (const dependency of group) setOwn(dependencies, nameOf(dependency), dependency.label);
  draft.dependencies = dependencies;
  draft.attributes = {
    ...(own(config, 'copy-attributes') === true ? deepCopy(primary.attributes) : {}),
    ...(isMapping(draft.attributes) ? draft.attributes : {}),
    'primary-kind-dependency': primaryKind,
    'primary-dependency-label': primary.label,
  };
  const name = nameAfter(context, given, primary, primaryKind);
  if (name !== undefined) draft.name = name;

  const fetches = own(config, 'fetches');
  if (isMapping(fetches) && Object.keys(fetches).length > 0)
    addFetches(draft, fetches, getDependencies(context, draft), nameOf);
  return draft;
}

function nameAfter(
  context: TransformContext,
  { config, dependencies: tasks }: Group,
  primary: GraphTask,
  primaryKind: string,
): string | undefined {
  const known = context.registry.setName;
  const setName = Object.hasOwn(config, 'set-name') ? config['set-name'] : 'strip-kind';
  if (setName === null || setName === false || setName === '') return undefined;
  const found = typeof setName === 'string' ? known.get(setName) : undefined;
  if (found) return found(primary, primaryKind, { tasks, context });
  const hint = didYouMean(pythonText(setName), known.keys());
  throw new DraftError('"set-name" must be a known name, or false', ['from-deps', 'set-name'], hint);
}

function addFetches(
  draft: Draft,
  fetches: Mapping,
  dependencies: readonly GraphTask[],
  nameOf: (task: GraphTask) => string,
): void {
  const wanted: Mapping = isMapping(draft.fetches) ? draft.fetches : {};
  for (const dependency of dependencies) {
    const entries = own(fetches, dependency.kind) as readonly Mapping[] | undefined;
    if (!entries) continue;
    const fill = (text: unknown) => formatPython(String(text), dependency.attributes);
    const filled = inField(['from-deps', 'fetches', dependency.kind], () =>
      entries.map((entry) => ({
        ...entry,
        artifact: fill(entry.artifact),
        ...(Object.hasOwn(entry, 'dest') ? { dest: fill(entry.dest) } : {}),
      })),
    );
    setOwn(wanted, nameOf(dependency), filled);
  }
  draft.fetches = wanted;
}

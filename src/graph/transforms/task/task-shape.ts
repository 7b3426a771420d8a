import {
  anything,
  custom,
  described,
  either,
  flag,
  integer,
  keyedBy,
  keys,
  listOf,
  mapOf,
  nullable,
  oneOf,
  restricted,
  type Shape,
  text,
} from '../../load/shape.ts';
import { priorities } from '../../../task/definition.ts';
import { isMapping, type Mapping, onlyKey } from '../../values/plain.ts';

/** A strategy with its argument; null or nothing: never optimized away. Which ones there are the transform knows. */
export const optimization: Shape = custom(
  () => ({
    anyOf: [
      { type: 'null' },
      {
        type: 'object',
        properties: {
          always: {},
          never: {},
          'index-search': { type: 'array', items: { type: 'string' } },
          'skip-unless-changed': { type: 'array', items: { type: 'string' } },
        },
        // A plugin may have registered others.
        additionalProperties: {},
        maxProperties: 1,
      },
    ],
  }),
  (value, path, tell) => {
    if (value === null) return;
    if (!isMapping(value)) {
      tell({ message: '"optimization" must be a mapping of a strategy to its argument', path });
      return;
    }
    for (const name of ['index-search', 'skip-unless-changed'])
      if (Object.hasOwn(value, name)) listOf(text)(value[name], [...path, name], tell);
  },
);

const isKeyed = (value: unknown): boolean => onlyKey(value)?.startsWith('by-') === true;
const dependenciesAre = 'Names, as references use them, to labels of tasks.';
const dependenciesOf = (label: Shape): Shape =>
  restricted(
    mapOf(label),
    (value, path, tell) => {
      for (const name of ['self', 'decision']) {
        if (!Object.hasOwn(value as Mapping, name)) continue;
        const message = `the dependency name "${name}" stands for something else in references`;
        tell({ message, path: [...path, name] });
      }
    },
    { propertyNames: { not: { enum: ['self', 'decision'] } } },
  );

const treeherder: Shape = either(
  (value) => typeof value === 'boolean',
  anything,
  keys({
    optional: { symbol: text, kind: oneOf(['build', 'test', 'other']), tier: integer, platform: text },
  }),
);

/** Beside Treeherder and the index, whose parts are added to, an author may put anything there. */
const extra = keys({
  optional: {
    treeherder: mapOf(anything),
    index: mapOf(anything),
    chainOfTrust: keys({ optional: { inputs: mapOf(anything) }, unknown: 'allowed' }),
    caisson: custom(
      () => ({ not: {} }),
      (_, path, tell) => tell({ message: '"extra.caisson" is written by the compiler', path }),
    ),
  },
  unknown: 'allowed',
});

/** Keyed by whatever the description has; what comes out is looked at when it is known. */
const runOnProjects = either(isKeyed, keyedBy(['build-platform'], anything), listOf(text));

/** Keys of a task description that say what it is; the transforms `run` and `task` take them alike. */
export const descriptionKeys: Readonly<Record<string, Shape>> = {
  'task-from': text,
  attributes: described('Free data of the task that transforms and target methods look at.', mapOf(anything)),
  dependencies: described(dependenciesAre, dependenciesOf(either(isKeyed, anything, text))),
  'soft-dependencies': described('Labels: wait for these tasks if they run at all.', listOf(text)),
  'if-dependencies': described('Run only if one of these dependencies, by name, runs.', listOf(text)),
  requires: described(
    'Whether the dependencies must succeed, or only end.',
    nullable(oneOf(['all-completed', 'all-resolved'])),
  ),
  priority: described('Default: "task-priority" of config.yml.', oneOf(priorities)),
  'expires-after': described('How long the task and its artifacts are kept, e.g. "28 days".', text),
  'deadline-after': described('When the task must have ended, e.g. "1 day".', text),
  routes: described('Where messages about the task go, e.g. "index.<namespace>".', listOf(text)),
  scopes: described('What the task may do. "{level}" and "{project}" are filled in.', listOf(text)),
  tags: described('Texts that the task can be found by.', mapOf(text)),
  extra: described('Free data in the task definition.', extra),
  treeherder: described('Where the task is shown on Treeherder.', nullable(treeherder)),
  index: described(
    'Adds index routes for the product.',
    keys({
      optional: {
        product: described('One of "index.products" of config.yml.', text),
        'job-name': text,
        type: described('Which routes: default "generic".', text),
        rank: either((value) => typeof value === 'number', integer, oneOf(['by-tier', 'build_date'])),
      },
    }),
  ),
  'run-on-projects': described('Projects on which the task is a target, e.g. [all] or [].', runOnProjects),
  'run-on-tasks-for': described(
    'Events that the task is a target for, e.g. [github-push, github-pull-request].',
    listOf(text),
  ),
  'run-on-git-branches': described(
    'Branches, as regular expressions, on which the task is a target.',
    nullable(listOf(text)),
  ),
  'shipping-phase': described(
    'The phase of a release that the task belongs to.',
    nullable(oneOf(['build', 'promote', 'push', 'ship'])),
  ),
  'always-target': described('A target whatever the target method says.', flag),
  optimization: described('When the task may be left out or replaced.', optimization),
  'needs-sccache': described('The task uses the shared compiler cache.', flag),
};

/** Keys that every description has in the end. */
export const namingKeys: Readonly<Record<string, Shape>> = {
  label: described('The full name of the task; default: "<kind>-<name>".', text),
  description: described('What the task does, in a sentence.', text),
  'worker-type': described('An alias of "workers.aliases" of config.yml.', text),
};

/** A task description, when every default is in it. */
export const taskShape: Shape = keys({
  required: namingKeys,
  optional: { ...descriptionKeys, dependencies: dependenciesOf(text), worker: mapOf(anything) },
});

import {
  anything,
  either,
  flag,
  integer,
  keys,
  listOf,
  mapOf,
  nullable,
  oneOf,
  type Shape,
  text,
} from '../../load/shape.ts';
import { priorities } from '../../../task/definition.ts';
import { isMapping, onlyKey } from '../../values/plain.ts';

const strategies = ['always', 'never', 'index-search', 'skip-unless-changed'];

/** One strategy with its argument, or null: never optimized away. */
export const optimization: Shape = (value, path, tell) => {
  if (value === null) return;
  if (!isMapping(value) || Object.keys(value).length !== 1) {
    tell({ message: '"optimization" must be a mapping of one strategy to its argument', path });
    return;
  }
  const [name, argument] = Object.entries(value)[0]!;
  oneOf(strategies)(name, [...path, name], tell);
  if (name === 'index-search' || name === 'skip-unless-changed')
    listOf(text)(argument, [...path, name], tell);
};

const dependencies: Shape = (value, path, tell) => {
  mapOf(anything)(value, path, tell);
  for (const name of isMapping(value) ? Object.keys(value) : []) {
    if (name !== 'self' && name !== 'decision') continue;
    tell({
      message: `the dependency name "${name}" stands for something else in references`,
      path: [...path, name],
    });
  }
};

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
    caisson: (_, path, tell) => tell({ message: '"extra.caisson" is written by the compiler', path }),
  },
  unknown: 'allowed',
});

/** Keyed by whatever the description has; what comes out is looked at when it is known. */
const runOnProjects = either((value) => onlyKey(value)?.startsWith('by-') === true, anything, listOf(text));

/** Keys of a task description that say what it is; the transforms `run` and `task` take them alike. */
export const descriptionKeys: Readonly<Record<string, Shape>> = {
  'task-from': text,
  attributes: mapOf(anything),
  dependencies,
  'soft-dependencies': listOf(text),
  'if-dependencies': listOf(text),
  requires: nullable(oneOf(['all-completed', 'all-resolved'])),
  priority: oneOf(priorities),
  'expires-after': text,
  'deadline-after': text,
  routes: listOf(text),
  scopes: listOf(text),
  tags: mapOf(text),
  extra,
  treeherder: nullable(treeherder),
  index: keys({
    optional: {
      product: text,
      'job-name': text,
      type: text,
      rank: either((value) => typeof value === 'number', integer, oneOf(['by-tier', 'build_date'])),
    },
  }),
  'run-on-projects': runOnProjects,
  'run-on-tasks-for': listOf(text),
  'run-on-git-branches': nullable(listOf(text)),
  'shipping-phase': nullable(oneOf(['build', 'promote', 'push', 'ship'])),
  'always-target': flag,
  optimization,
  'needs-sccache': flag,
};

/** A task description, when every default is in it. */
export const taskShape: Shape = keys({
  required: { label: text, description: text, 'worker-type': text },
  optional: { ...descriptionKeys, worker: mapOf(anything) },
});

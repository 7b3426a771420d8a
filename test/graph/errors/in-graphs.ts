import { inConfig, inKind, type Mistake } from './mistaken.ts';

const task = 'description: build it';
const caches = (list: string): readonly [string, string] => [
  'max-run-time: 600',
  `max-run-time: 600, caches: [${list}]`,
];
const cache = (more: string): readonly [string, string] =>
  caches(`{name: objects, mount-point: /builds/worker/objects, ${more}}`);
/** A task of generic-worker on the alias given, in a kind of its own. */
const generic = (name: string, alias: string, worker: string, more: Partial<Mistake> = {}): Mistake => ({
  name,
  changes: [],
  files: {
    'taskcluster/kinds/native/kind.yml': `loader: taskgraph.loader.transform:loader
transforms: [taskgraph.transforms.task]
tasks:
  app:
    description: build it
    worker-type: ${alias}
    worker:
      max-run-time: 600
${worker.replace(/^/gm, '      ')}
`,
  },
  ...more,
});

/** Mistakes that show in payloads, caches, or only when all tasks are there. */
export const mistakes: readonly Mistake[] = [
  inKind('build', 'no time at all', 'max-run-time: 600', 'max-run-time: 0'),
  generic('words where lists of them are needed', 'mac', 'command: [make, all]'),
  generic('lists of words where lines are needed', 'win', 'command: [[make, all]]'),
  generic(
    'a mount without a format',
    'mac',
    'command: [[make]]\nmounts:\n  - directory: x\n    content: {url: https://example.com/x.zip}',
  ),
  generic(
    'a mount of an unknown format',
    'mac',
    'command: [[make]]\nmounts:\n  - directory: x\n    format: tgz\n    content: {url: https://example.com/x.tgz}',
  ),
  generic(
    'a mount of an artifact of no task',
    'mac',
    'command: [[make]]\nmounts:\n  - file: x\n    content: {artifact: public/x}',
  ),
  generic('a right that only Windows has', 'mac', 'command: [[make]]\nrun-as-administrator: true'),
  generic('success as a reason to try again', 'mac', 'command: [[make]]\nretry-exit-status: [0]'),
  generic(
    'an artifact twice',
    'mac',
    'command: [[make]]\nartifacts:\n  - {type: file, path: x}\n  - {type: file, path: x}',
  ),
  generic('a cache without a directory', 'mac', 'command: [[make]]\nmounts:\n  - cache-name: x'),
  generic(
    'no known address of Taskcluster',
    'mac',
    'command: [[make]]\nmounts: [{file: x, content: {url: {artifact-reference: x}}}]',
  ),
  inKind('build', 'an unknown key of a cache', ...cache('vary: [image]')),
  inKind('build', 'a cache that varies on what is not there', ...cache('vary-on: [colour]')),
  inKind('build', 'a cache that leaves out its user', ...cache('vary-on: [image]')),
  inKind('build', 'a key that matches no file', ...cache('key: {files: [package-lock.json]}'), {
    tracked: true,
  }),
  inKind('build', 'an empty key', ...cache('key: {}')),
  inKind('build', 'an empty list in a key', ...cache('key: {strings: []}')),
  inKind('build', 'an unknown part of a key', ...cache('key: {file: [a]}')),
  inKind('build', 'an empty parameter in a key', ...cache('key: {parameters: [head_tag]}')),
  inKind('build', 'an unknown parameter in a key', ...cache('key: {parameters: [head_ref_]}')),
  inKind('build', 'a time to commit', ...cache('commit-on: end of task')),
  inKind('build', 'a cache without a place', ...caches('{name: objects}')),
  inKind(
    'build',
    'two caches at one place',
    ...caches('{name: a, mount-point: /x}, {name: b, mount-point: /x/}'),
  ),
  inKind(
    'build',
    'a cache in a cache',
    ...caches('{name: a, mount-point: /x}, {name: b, mount-point: /x/y}'),
  ),
  inKind(
    'build',
    'one cache twice',
    ...caches(
      '{name: a, mount-point: /x, vary-on: [wrapper, user, untrusted]}, {name: a, mount-point: /y, vary-on: [wrapper, user, untrusted]}',
    ),
  ),
  inKind(
    'build',
    'a cache as the root of the checkout',
    ...caches('{name: a, mount-point: /builds/worker/checkouts/vcs}'),
  ),
  inKind('build', 'a name that is no name', ...caches('{name: "a b<c>", mount-point: /x}')),
  inKind('build', 'a hand-numbered cache', ...caches('{name: checkouts-v2, mount-point: /x}')),
  inKind('build', 'a hand-numbered cache when strict', ...caches('{name: checkouts-v2, mount-point: /x}'), {
    strict: true,
  }),
  inKind(
    'build',
    'a reserved cache',
    'run:\n      using: run-task\n      command: make\n    fetches:\n      fetch: [zlib]',
    'worker: {command: [make], caches: [{name: checkouts, mount-point: /x}]}',
    {
      changes: [
        ['taskcluster/kinds/build/kind.yml', '  - taskgraph.transforms.run\n', ''],
        [
          'taskcluster/kinds/build/kind.yml',
          'run:\n      using: run-task\n      command: make\n    fetches:\n      fetch: [zlib]',
          'worker: {command: [make], caches: [{name: checkouts, mount-point: /x}]}',
        ],
        ['taskcluster/kinds/build/kind.yml', '    run: {using: run-task, command: make lib}\n', ''],
      ],
    },
  ),
  inKind(
    'build',
    'a volume that the Dockerfile declares',
    'max-run-time: 600',
    'max-run-time: 600, volumes: [/builds/worker/checkouts]',
  ),
  inKind('build', 'volumes as a list in the Dockerfile', task, task, {
    files: { 'taskcluster/docker/base/Dockerfile': 'FROM debian:12\nVOLUME ["/a"]\n' },
  }),
  inKind('build', 'an include that is not there', task, task, {
    files: { 'taskcluster/docker/base/Dockerfile': 'FROM debian:12\n# %include topsrcdir/setup.sh\n' },
  }),
  inKind('build', 'an argument of the Dockerfile that nobody gives', task, task, {
    files: { 'taskcluster/docker/base/Dockerfile': '# %ARG VERSION\nFROM debian:$VERSION\n' },
  }),
  inKind(
    'build',
    'a label twice',
    '  lib:',
    '  app2:\n    label: build-app\n    description: x\n    run: {using: run-task, command: x}\n  lib:',
  ),
  inKind('build', 'an unknown dependency', task, `${task}\n    dependencies: {lib: build-lbi}`),
  inKind(
    'build',
    'tasks that depend on each other',
    `${task}\n`,
    `${task}\n    dependencies: {lib: build-lib}\n`,
    {
      changes: [
        ['taskcluster/kinds/build/kind.yml', task, `${task}\n    dependencies: {lib: build-lib}`],
        [
          'taskcluster/kinds/build/kind.yml',
          'description: build the library',
          'description: build the library\n    dependencies: {app: build-app}',
        ],
      ],
    },
  ),
  inKind(
    'build',
    'one place on Treeherder for two',
    task,
    `${task}\n    treeherder: {symbol: B(b), platform: linux/opt}`,
    {
      changes: [
        [
          'taskcluster/kinds/build/kind.yml',
          task,
          `${task}\n    treeherder: {symbol: B(b), platform: linux/opt}`,
        ],
        [
          'taskcluster/kinds/build/kind.yml',
          'description: build the library',
          'description: build the library\n    treeherder: {symbol: B(b), platform: linux/opt}',
        ],
      ],
    },
  ),
  inKind('build', 'a dependency of a less watched tier', task, task, {
    changes: [
      [
        'taskcluster/kinds/build/kind.yml',
        task,
        `${task}\n    dependencies: {lib: build-lib}\n    treeherder: {symbol: B(b), platform: linux/opt, tier: 1}`,
      ],
      [
        'taskcluster/kinds/build/kind.yml',
        'description: build the library',
        'description: build the library\n    treeherder: {symbol: B(l), platform: linux/opt, tier: 2}',
      ],
    ],
  }),
  inKind('build', 'one index route for two', task, task, {
    changes: [
      ['taskcluster/kinds/build/kind.yml', task, `${task}\n    index: {product: app, job-name: x}`],
      [
        'taskcluster/kinds/build/kind.yml',
        'description: build the library',
        'description: build the library\n    index: {product: app, job-name: x}',
      ],
    ],
  }),
  inKind('build', 'a route that is no namespace', task, `${task}\n    routes: ["index.acme.a b"]`),
  inKind('build', 'a route that is too long', task, `${task}\n    routes: [index.acme.${'x'.repeat(250)}]`),
  inKind('build', 'a route twice', task, `${task}\n    routes: [index.acme.x, index.acme.x]`),
  inKind('build', 'a route that notifies nobody', task, `${task}\n    routes: [notify.email.a@b.on-fail]`),
  inKind('build', 'a deprecated filter', task, `${task}\n    routes: [notify.email.a@b.on-any]`),
  inKind('build', 'a scope that is not ASCII', task, `${task}\n    scopes: ["secrets:get:schlüssel"]`),
  inKind('build', 'a deadline that is none', task, `${task}\n    deadline-after: soon`),
  inKind(
    'build',
    'a deadline after the end',
    task,
    `${task}\n    deadline-after: 2 days\n    expires-after: 1 day`,
  ),
  inKind('build', 'a deadline in half a day', task, `${task}\n    deadline-after: 0.5 days`),
  inKind('build', 'a deadline far away', task, `${task}\n    deadline-after: 2 months`),
  inKind('build', 'a name that is too long', '  lib:', `  ${'l'.repeat(256)}:`),
  inKind(
    'build',
    'a reference to no dependency',
    'command: make lib',
    'command: {task-reference: "make <lib>"}',
    { phase: 'optimized' },
  ),
  inKind('build', 'a task that has to be optimized away', task, `${task}\n    worker-type: nothing`, {
    phase: 'optimized',
    changes: [
      [
        'taskcluster/config.yml',
        '    succeed:',
        '    nothing: {provisioner: invalid, implementation: always-optimized, os: linux, worker-type: always-optimized}\n    succeed:',
      ],
    ],
    files: {
      'taskcluster/kinds/none/kind.yml':
        'loader: taskgraph.loader.transform:loader\ntransforms: [taskgraph.transforms.task]\ntasks: {none: {description: x, worker-type: nothing, run-on-projects: [all]}}\n',
    },
  }),
  inConfig('a worker type that is no identifier', "'linux-{level}'", "'linux {level}'"),
  inConfig('a worker type that queues refuse', "'linux-{level}'", "'Linux_{level}'"),
  inConfig('a worker type without an answer', "'linux-{level}'", '{by-level: {"3": linux}}'),
  inConfig('a worker type with an unknown placeholder', "'linux-{level}'", "'linux-{lvl}'"),
  {
    name: 'a parameter of the wrong type',
    changes: [],
    parameters: { build_date: 'today' as unknown as number, level: 3 as unknown as string },
  },
  { name: 'a missing parameter', changes: [], parameters: { head_rev: undefined as unknown as string } },
  {
    name: 'an unknown target method',
    changes: [],
    parameters: { target_tasks_method: 'defualt' },
    phase: 'target',
  },
  {
    name: 'an unknown filter',
    changes: [],
    parameters: { filters: ['target_task_method'] },
    phase: 'target',
  },
  { name: 'an unknown kind', changes: [], parameters: { 'target-kinds': ['biuld'] } },
  inKind('build', 'a branch that is no expression', task, `${task}\n    run-on-git-branches: ["main("]`, {
    phase: 'target',
  }),
];

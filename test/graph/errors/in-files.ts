import { inConfig, inKind, type Mistake } from './mistaken.ts';

/** Mistakes in YAML, in config.yml and in what kind.yml says beside its tasks. */
export const mistakes: readonly Mistake[] = [
  inKind(
    'test',
    'a loader of older repositories',
    'taskgraph.loader.transform:loader',
    'app_taskgraph.loader.multi_dep:loader',
  ),
  inKind(
    'build',
    'the older transform for notifications',
    'taskgraph.transforms.notify',
    'taskgraph.transforms.release_notifications:transforms',
  ),
  inKind('build', 'a tab as indentation', '    description: build it', '\tdescription: build it'),
  inKind('build', 'bad indentation', '    description: build it', '   description: build it'),
  inKind('build', 'an alias without its anchor', 'worker-type: linux', 'worker-type: *linux'),
  inKind('build', 'an open bracket', '[docker-image, fetch]', '[docker-image, fetch'),
  inKind('build', 'an open quote', 'description: build it', 'description: "build it'),
  inKind('build', 'a value that begins with a percent sign', 'command: make', 'command: %make'),
  inKind('build', 'a colon within a value', 'command: make', 'command: echo done: make'),
  inKind('build', 'a key twice', 'worker-type: linux', 'worker-type: linux\n  worker-type: mac'),
  inKind('build', 'an unknown tag', 'command: make', 'command: !include make.sh'),
  inKind('build', 'two documents', 'tasks:\n  app:', '---\ntasks:\n  app:'),
  { name: 'an empty file', changes: [], files: { 'taskcluster/kinds/build/kind.yml': '\n' } },
  { name: 'a list as a file', changes: [], files: { 'taskcluster/kinds/build/kind.yml': '- a\n' } },
  inConfig('no trust domain', 'trust-domain: acme\n', ''),
  inConfig('a mistyped trust domain', 'trust-domain:', 'trust-domian:'),
  inConfig('an impossible trust domain', 'acme\n', 'acme.org\n'),
  inConfig('an unknown priority', 'task-priority: low', 'task-priority: normal'),
  inConfig('a priority by branch', 'task-priority: low', 'task-priority: {by-branch: {default: low}}'),
  inConfig('no repositories', '  repositories:\n    app: {name: App}\n', '  cached-task-prefix: x\n'),
  inConfig('a repository without a name', '{name: App}', '{}'),
  inConfig('two repositories', 'app: {name: App}', 'app: {name: App}\n    lib: {name: Lib}'),
  inConfig(
    'a mistyped key of a worker',
    "os: linux, worker-type: 'linux-{level}'",
    "os: linux, worker-typ: 'linux-{level}'",
  ),
  inConfig(
    'an unknown implementation',
    'mac: {provisioner: acme, implementation: generic-worker',
    'mac: {provisioner: acme, implementation: genric-worker',
    {
      files: {
        'taskcluster/kinds/done/kind.yml':
          'loader: taskgraph.loader.transform:loader\ntransforms: [taskgraph.transforms.task]\ntasks: {done: {description: x, worker-type: mac}}\n',
      },
    },
  ),
  inConfig('a worker alias that is no regular expression', 'mac: {', '"mac(": {', {
    files: {
      'taskcluster/kinds/done/kind.yml':
        'loader: taskgraph.loader.transform:loader\ntransforms: [taskgraph.transforms.task]\ntasks: {done: {description: x, worker-type: sucked}}\n',
    },
  }),
  inConfig(
    'an unknown cache of a tool',
    'taskgraph:\n',
    'taskgraph:\n  run: {use-caches: [checkout, nmp]}\n',
  ),
  inConfig(
    'an unknown unit of time',
    'task-priority: low',
    'task-priority: low\ntask-expires-after: 6 weeks',
  ),
  inConfig('products that are no list', 'products: [app]', 'products: {app: yes}'),
  { name: 'no config file', changes: [], files: { 'taskcluster/config.yml': null } },
  {
    name: 'the layout of old releases',
    changes: [],
    files: { 'taskcluster/config.yml': null, 'taskcluster/ci/config.yml': 'trust-domain: x\n' },
  },
  inKind(
    'build',
    'an unknown loader',
    'taskgraph.loader.transform:loader',
    'taskgraph.loader.transfrom:loader',
  ),
  inKind('build', 'an unknown transform', 'taskgraph.transforms.matrix', 'taskgraph.transforms.martix'),
  inKind(
    'build',
    'a transform in Python',
    'taskgraph.transforms.matrix',
    'app_taskgraph.transforms.build:transforms',
    {
      files: { 'taskcluster/app_taskgraph/transforms/build.py': 'x = 1\n' },
    },
  ),
  inKind('build', 'a transform that the loader adds', 'loader: taskgraph.loader.transform:loader\n', ''),
  inKind(
    'build',
    'a mistyped list of transforms',
    'transforms:\n  - taskgraph.transforms.matrix',
    'trnsforms:\n  - taskgraph.transforms.matrix',
  ),
  inKind('build', 'a kind that is not there', '[docker-image, fetch]', '[docker-image, ftech]'),
  inKind('fetch', 'kinds that depend on each other', '[docker-image]', '[docker-image, test]'),
  inKind('build', 'kind dependencies that are no list', '[docker-image, fetch]', 'fetch'),
  inKind('test', 'tasks as a list', 'tasks:\n  unit:\n    description', 'tasks:\n  - unit:\n    description'),
  inKind('build', 'an empty task', '  lib:', '  nothing:\n  lib:'),
  inKind(
    'build',
    'a file of tasks that is not there',
    'task-defaults:',
    'tasks-from: [moer.yml]\ntask-defaults:',
    {
      files: { 'taskcluster/kinds/build/more.yml': 'x: {}\n' },
    },
  ),
  inKind(
    'build',
    'a mistake in a file of tasks',
    'task-defaults:',
    'tasks-from: [more.yml]\ntask-defaults:',
    {
      files: {
        'taskcluster/kinds/build/more.yml': 'x:\n  description: y\n  run: {using: run-taks, command: z}\n',
      },
    },
  ),
  inKind('build', 'a nearly known key', 'task-defaults:', 'task-default:'),
  inKind('build', 'jobs instead of tasks', 'tasks:\n  app:', 'jobs:\n  app:'),
  inKind('build', 'job-defaults instead of task-defaults', 'task-defaults:', 'job-defaults:'),
  inKind('build', 'the job transform', 'taskgraph.transforms.run', 'taskgraph.transforms.job:transforms'),
];

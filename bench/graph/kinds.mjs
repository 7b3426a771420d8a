// The kinds of the benchmark's repository: what their kind.yml files hold, without `tasks-from`.
// component.mjs has the tasks.

/** How many tasks there are without any component: the images. */
export const tasksOfNone = 4;

const checkoutRun = { using: 'run-task', cwd: '{checkout}' };
const onPush = ['github-push', 'github-pull-request'];

const hostWorker = {
  env: { PYTHONUTF8: '1' },
  mounts: [{ 'cache-name': 'tools', directory: 'tools' }],
  artifacts: [{ type: 'file', path: 'logs/test.log', name: 'public/logs/test.log' }],
};

export const kinds = {
  'docker-image': {
    loader: 'taskgraph.loader.transform:loader',
    transforms: [
      'taskgraph.transforms.docker_image',
      'taskgraph.transforms.cached_tasks',
      'taskgraph.transforms.task',
    ],
    tasks: {
      base: { symbol: 'I(base)' },
      fetch: { symbol: 'I(fetch)', parent: 'base' },
      build: { symbol: 'I(build)', parent: 'base', args: { TOOLS: 'gcc clang make ninja' } },
      test: { symbol: 'I(test)', parent: 'base', args: { PYTHON_VERSIONS: '3.13 3.12 3.11' } },
    },
  },
  fetch: {
    loader: 'taskgraph.loader.transform:loader',
    transforms: ['taskgraph.transforms.fetch', 'taskgraph.transforms.run', 'taskgraph.transforms.task'],
  },
  toolchain: {
    loader: 'taskgraph.loader.transform:loader',
    'kind-dependencies': ['fetch', 'docker-image'],
    transforms: [
      'taskgraph.transforms.run',
      'taskgraph.transforms.cached_tasks',
      'taskgraph.transforms.task',
    ],
    'task-defaults': {
      'worker-type': 'b-linux',
      worker: { 'docker-image': { 'in-tree': 'build' }, 'max-run-time': 3600, env: {} },
      run: { using: 'toolchain-script', script: 'build-tool.sh', resources: ['taskcluster/scripts/misc/**'] },
      treeherder: { kind: 'build', platform: 'toolchains/opt', tier: 1 },
    },
  },
  build: {
    'kind-dependencies': ['docker-image', 'fetch', 'toolchain'],
    transforms: ['taskgraph.transforms.task_context'],
    'task-defaults': {
      attributes: { retrigger: true, artifact_prefix: 'public/build' },
      'run-on-tasks-for': onPush,
      worker: {
        'max-run-time': { 'by-type': { 'asan|debug': 7200, default: 3600 } },
        env: { BUILD_TYPE: '{type}', LC_ALL: 'C.UTF-8', SCCACHE_DISABLE: '1' },
      },
      treeherder: { kind: 'build', tier: { 'by-platform': { 'linux.*': 1, default: 2 } } },
      'task-context': {
        'from-parameters': { level: 'level', project: 'project' },
        'substitution-fields': ['worker.max-run-time', 'worker.env', 'treeherder.tier', 'run.command'],
      },
      run: { ...checkoutRun, 'use-caches': ['checkout', 'cargo', 'pip'] },
    },
  },
  sign: {
    'kind-dependencies': ['build'],
    transforms: ['taskgraph.transforms.from_deps'],
    tasks: {
      sign: {
        description: 'Sign what a build made',
        'worker-type': 'b-linux',
        worker: { 'docker-image': 'debian:12', 'max-run-time': 600 },
        'from-deps': {
          'copy-attributes': true,
          fetches: { build: [{ artifact: 'target.tar.gz', dest: '{component}' }] },
        },
        'run-on-tasks-for': onPush,
        scopes: ['secrets:get:project/bench/signing'],
        run: { using: 'run-task', checkout: false, command: ['sign', '--format=gpg', 'target.tar.gz'] },
      },
    },
  },
  test: {
    'kind-dependencies': ['docker-image', 'build', 'fetch'],
    'task-defaults': testDefaults('t-linux', 'test-linux64/opt', {
      'docker-image': { 'in-tree': 'test' },
      env: { PYTHONUTF8: '1', LC_ALL: 'C.UTF-8' },
      artifacts: [{ type: 'directory', path: '/builds/worker/artifacts', name: 'public/test_info' }],
      caches: [{ type: 'persistent', name: 'test-data', 'mount-point': '/builds/worker/test-data' }],
    }),
  },
  'test-chunks': {
    'kind-dependencies': ['docker-image', 'build', 'fetch'],
    transforms: ['taskgraph.transforms.chunking'],
    'task-defaults': testDefaults('t-linux', 'test-linux64/debug', {
      'docker-image': { 'in-tree': 'test' },
      env: { CHUNK: '{this_chunk}' },
    }),
  },
  'test-matrix': {
    'kind-dependencies': ['docker-image', 'build', 'fetch'],
    transforms: ['taskgraph.transforms.matrix'],
    'task-defaults': testDefaults('t-linux', 'test-linux64/opt', {
      'docker-image': 'python:{matrix[python]}',
      env: { TOX_ENV: 'py{matrix[python]}-{matrix[deps]}' },
    }),
  },
  'test-hosts': {
    'kind-dependencies': ['build', 'fetch'],
    transforms: ['taskgraph.transforms.chunking'],
    'task-defaults': testDefaults('t-win', 'test-hosts/opt', hostWorker, 2),
  },
  lint: {
    'kind-dependencies': ['docker-image'],
    'task-defaults': testDefaults('t-linux', 'lint/opt', { 'docker-image': { 'in-tree': 'test' } }),
  },
  complete: {
    loader: 'taskgraph.loader.transform:loader',
    'kind-dependencies': ['sign'],
    transforms: ['taskgraph.transforms.task'],
    'task-defaults': { 'worker-type': 'succeed', 'run-on-tasks-for': onPush },
  },
};

function testDefaults(workerType, platform, worker, tier = 1) {
  return {
    attributes: { retrigger: true, 'code-review': true },
    'run-on-tasks-for': onPush,
    'worker-type': workerType,
    worker: { 'max-run-time': 1800, ...worker },
    treeherder: { kind: 'test', tier, platform },
    run: checkoutRun,
  };
}

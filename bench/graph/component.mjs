// One component of the benchmark's repository: 30 entries of YAML that make 100 tasks. Builds on three platforms with
// fetches and a toolchain, their signing, tests one by one, in chunks and from a matrix, on docker-worker and
// generic-worker. Nothing is random.

/** How many tasks one component has. */
export const tasksOfComponent = 100;

const platforms = [
  { platform: 'linux64', type: 'opt', worker: 'b-linux' },
  { platform: 'linux64', type: 'debug', worker: 'b-linux' },
  { platform: 'linux64', type: 'asan', worker: 'b-linux' },
  { platform: 'linux32', type: 'opt', worker: 'b-linux' },
  { platform: 'linux32', type: 'debug', worker: 'b-linux' },
  { platform: 'android', type: 'opt', worker: 'b-linux' },
  { platform: 'win64', type: 'opt', worker: 'b-win' },
  { platform: 'macosx64', type: 'opt', worker: 'b-osx' },
];

/** The entries of component `index` by kind: what its `tasks-from` files hold. */
export function entriesOf(index) {
  const component = `c${String(index).padStart(3, '0')}`;
  return {
    fetch: fetches(component),
    toolchain: toolchain(component),
    build: Object.fromEntries(platforms.map((platform) => build(component, platform))),
    test: numbered(8, (i) => unitTest(component, i)),
    'test-chunks': numbered(4, (i) => chunkedTest(component, i)),
    'test-matrix': matrixTest(component),
    'test-hosts': numbered(3, (i) => hostTest(component, i)),
    lint: numbered(2, (i) => lint(component, i)),
    complete: complete(component),
  };
}

function numbered(count, entry) {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => entry(i)));
}

function fetches(component) {
  const fetch = (name, digit) => ({
    description: `${name} of ${component}`,
    fetch: {
      type: 'static-url',
      url: `https://example.com/${component}/${name}.tar.gz`,
      sha256: digit.repeat(64),
      size: 1_000_000,
    },
  });
  return { [`${component}-sources`]: fetch('sources', 'a'), [`${component}-data`]: fetch('data', 'b') };
}

function toolchain(component) {
  return {
    [`${component}-compiler`]: {
      description: `The compiler of ${component}`,
      treeherder: { symbol: `TL(${component})` },
      run: {
        arguments: ['--component', component],
        'toolchain-artifact': `public/build/${component}.tar.zst`,
        'toolchain-alias': `${component}-cc`,
      },
      fetches: { fetch: [`${component}-sources`] },
    },
  };
}

function build(component, { platform, type, worker: workerType }) {
  const docker = workerType === 'b-linux';
  const worker = docker
    ? {
        'docker-image': { 'in-tree': 'build' },
        artifacts: [{ type: 'directory', path: '/builds/worker/artifacts', name: 'public/build' }],
        caches: [
          { type: 'persistent', name: `objects-${platform}`, 'mount-point': '/builds/worker/objects' },
        ],
      }
    : {
        artifacts: [{ type: 'directory', path: 'artifacts', name: 'public/build' }],
        mounts: [{ 'cache-name': 'objects', directory: 'objects' }],
      };
  return [
    `${component}-${platform}-${type}`,
    {
      description: `Build ${component} for ${platform}, ${type}`,
      attributes: { component, build_platform: platform, build_type: type },
      index: {
        product: 'bench',
        'job-name': `${component}-${platform}-${type}`,
        type: 'generic',
      },
      'worker-type': workerType,
      worker,
      treeherder: { symbol: `B(${component})`, platform: `${platform}/${type}` },
      'task-context': { 'from-object': { type, platform } },
      fetches: {
        fetch: [`${component}-data`, { artifact: `${component}-sources`, dest: 'sources' }],
        ...(docker && { toolchain: [`${component}-cc`] }),
      },
      run: { command: `./build --component ${component} --type {type} --level {level}` },
    },
  ];
}

/** A test of a build: what depends on it, fetches from it and runs when the component changes. */
function testOf(component, build, entry) {
  return {
    ...entry,
    attributes: { component, ...entry.attributes },
    dependencies: { build: `build-${component}-${build}` },
    when: { 'files-changed': [`components/${component}/**`, 'taskcluster/**'] },
    fetches: { build: [{ artifact: 'target.tar.gz', dest: component }] },
  };
}

function unitTest(component, i) {
  const suite = `${component}-suite-${i}`;
  const entry = {
    description: `Run suite ${i} of ${component}`,
    treeherder: { symbol: `T(${component}-s${i})` },
    worker: { env: { SUITE: suite } },
    run: {
      command: `./run-tests --suite ${suite} --log /builds/worker/artifacts/log.json`,
      'use-caches': ['checkout', 'uv'],
    },
  };
  return [suite, testOf(component, 'linux64-opt', entry)];
}

function chunkedTest(component, i) {
  const entry = {
    description: `Run part {this_chunk} of {total_chunks} of browser suite ${i} of ${component}`,
    chunk: {
      'total-chunks': 11,
      'substitution-fields': ['name', 'description', 'treeherder.symbol', 'worker.env', 'run.command'],
    },
    treeherder: { symbol: `T(${component}-b${i}-{this_chunk})` },
    run: {
      command: `cd components/${component} && ./browser-tests --suite ${i} --chunk {this_chunk}/{total_chunks}`,
      cwd: '/builds/worker/checkouts',
    },
  };
  return [`${component}-browser-${i}-{this_chunk}`, testOf(component, 'linux64-debug', entry)];
}

function matrixTest(component) {
  const entry = {
    description: `Test the bindings of ${component} with Python {matrix[python]}, {matrix[deps]} dependencies`,
    matrix: {
      'set-name': `${component}-py{matrix[python]}-{matrix[deps]}`,
      'substitution-fields': ['description', 'treeherder', 'worker', 'run.command'],
      python: ['3.13', '3.12', '3.11'],
      deps: ['locked', 'lowest', 'highest', 'direct', 'none'],
      exclude: [{ python: '3.11', deps: 'none' }],
    },
    treeherder: { symbol: `T(${component}-py{matrix[python]}-{matrix[deps]})` },
    run: { command: `tox -c components/${component} -e py{matrix[python]}-{matrix[deps]}` },
  };
  return { [`${component}-bindings`]: testOf(component, 'linux64-opt', entry) };
}

function hostTest(component, i) {
  const mac = i === 2;
  const entry = {
    description: `Run part {this_chunk} of host suite ${i} of ${component}`,
    'worker-type': mac ? 't-osx' : 't-win',
    chunk: {
      'total-chunks': 4,
      'substitution-fields': ['name', 'description', 'treeherder.symbol', 'run.command'],
    },
    treeherder: { symbol: `T(${component}-h${i}-{this_chunk})` },
    run: { command: `run-tests --host ${i} --chunk {this_chunk} --component ${component}` },
  };
  return [
    `${component}-host-${i}-{this_chunk}`,
    testOf(component, mac ? 'macosx64-opt' : 'win64-opt', entry),
  ];
}

function lint(component, i) {
  return [
    `${component}-lint-${i}`,
    {
      description: `Look at the style of ${component}, part ${i}`,
      attributes: { component },
      treeherder: { symbol: `L(${component}-${i})` },
      run: { command: `./lint --part ${i} components/${component}` },
    },
  ];
}

function complete(component) {
  const signed = platforms.map(({ platform, type }) => `sign-${component}-${platform}-${type}`);
  return {
    [component]: {
      description: `All of ${component} is signed`,
      attributes: { component },
      dependencies: Object.fromEntries(signed.map((label) => [label, label])),
    },
  };
}

// A repository with a `taskcluster/` folder of as many tasks as asked for, in the shape that large real ones have: some
// kinds, their tasks in many files, defaults in kind.yml, few images. The same bytes each time.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dump } from 'js-yaml';
import { entriesOf, tasksOfComponent } from './component.mjs';
import { kinds, tasksOfNone } from './kinds.mjs';

const config = {
  'trust-domain': 'bench',
  'task-priority': { 'by-project': { bench: 'low', default: 'lowest' } },
  'task-deadline-after': { 'by-project': { bench: '2 days', default: '1 day' } },
  index: { products: ['bench'] },
  treeherder: {
    'group-names': { I: 'Images', Fetch: 'Fetches', TL: 'Toolchains', B: 'Builds', T: 'Tests', L: 'Linters' },
  },
  taskgraph: {
    repositories: { bench: { name: 'Bench' } },
    run: { 'use-caches': ['checkout'] },
  },
  workers: {
    aliases: {
      images: dockerWorker('images'),
      'b-linux': dockerWorker({ 'by-level': { 3: 'b-linux-trusted', default: 'b-linux' } }),
      't-linux': dockerWorker('t-linux'),
      'b-win': genericWorker('windows'),
      't-win': genericWorker('windows'),
      'b-osx': genericWorker('macosx'),
      't-osx': genericWorker('macosx'),
      succeed: { provisioner: 'built-in', implementation: 'succeed', os: 'linux', 'worker-type': 'succeed' },
    },
  },
};

function dockerWorker(workerType) {
  return {
    provisioner: '{trust-domain}-{level}',
    implementation: 'docker-worker',
    os: 'linux',
    'worker-type': workerType,
  };
}

function genericWorker(os) {
  return {
    provisioner: '{trust-domain}-t',
    implementation: 'generic-worker',
    os,
    'worker-type': '{alias}-{level}',
  };
}

const volumes = [
  'checkouts',
  'objects',
  'test-data',
  ...['cargo', 'pip', 'uv'].map((name) => `.task-cache/${name}`),
];

/**
 * Writes a repository of about `tasks` tasks into the empty folder `folder` and commits it.
 * @returns the exact number of tasks, the bytes of its YAML files, and the path of complete parameters, which lie
 * beside the folder: a push at level 3 that changed every second component
 */
export function makeRepository(folder, tasks) {
  const components = Math.max(1, Math.round((tasks - tasksOfNone) / tasksOfComponent));
  const yaml = yamlFiles(components);
  const others = {
    'taskcluster/scripts/toolchain/build-tool.sh': '#!/bin/bash\nset -eu\nmake tool\n',
    'taskcluster/scripts/misc/tooling.sh': 'export TOOLS=1\n',
    ...Object.fromEntries(Object.keys(kinds['docker-image'].tasks).map((image) => dockerfile(image))),
  };
  for (const [path, text] of Object.entries({ ...yaml, ...others })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const parameters = `${folder}.parameters.json`;
  const changed = Array.from({ length: Math.ceil(components / 2) }, (_, i) => i * 2);
  writeFileSync(
    parameters,
    JSON.stringify({
      ...pushParameters,
      files_changed: changed.map((i) => `components/c${String(i).padStart(3, '0')}/src/main.c`),
      head_rev: commitAll(folder),
    }),
  );
  return {
    tasks: components * tasksOfComponent + tasksOfNone,
    yamlBytes: Object.values(yaml).reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    parameters,
  };
}

/** The YAML files of the configuration by their path: config.yml, each kind.yml, and a file a component and kind. */
function yamlFiles(components) {
  const files = { 'taskcluster/config.yml': yamlOf(config) };
  const from = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  for (let i = 0; i < components; i++) {
    for (const [kind, entries] of Object.entries(entriesOf(i))) {
      from[kind].push(`component-${i}.yml`);
      files[`taskcluster/kinds/${kind}/component-${i}.yml`] = yamlOf(entries);
    }
  }
  for (const [kind, content] of Object.entries(kinds)) {
    const tasksFrom = from[kind].length > 0 ? { 'tasks-from': from[kind] } : {};
    files[`taskcluster/kinds/${kind}/kind.yml`] = yamlOf({ ...content, ...tasksFrom });
  }
  return files;
}

function yamlOf(value) {
  return `---\n${dump(value, { noRefs: true, lineWidth: 110 })}`;
}

function dockerfile(image) {
  const from = image === 'base' ? 'debian:12' : '$DOCKER_IMAGE_PARENT';
  const lines = [
    `FROM ${from}`,
    `RUN install-${image}`,
    ...volumes.map((path) => `VOLUME /builds/worker/${path}`),
  ];
  return [`taskcluster/docker/${image}/Dockerfile`, `${lines.join('\n')}\n`];
}

const pushParameters = {
  base_ref: 'refs/heads/main',
  base_repository: 'https://github.com/example/bench',
  base_rev: '1'.repeat(40),
  build_date: 1_700_000_000,
  build_number: 1,
  do_not_optimize: [],
  enable_always_target: true,
  existing_tasks: {},
  filters: ['target_tasks_method'],
  head_ref: 'refs/heads/main',
  head_repository: 'https://github.com/example/bench',
  head_tag: '',
  level: '3',
  moz_build_date: '20231114221320',
  next_version: null,
  optimize_strategies: null,
  optimize_target_tasks: true,
  owner: 'dev@example.com',
  project: 'bench',
  pushdate: 1_700_000_000,
  pushlog_id: '0',
  repository_type: 'git',
  target_tasks_method: 'default',
  tasks_for: 'github-push',
  version: null,
};

/** Makes one commit of all files, the same in every run, and returns it. */
export function commitAll(folder) {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_DATE: '1700000000 +0000',
    GIT_COMMITTER_DATE: '1700000000 +0000',
  };
  const git = (...words) => execFileSync('git', words, { cwd: folder, env, encoding: 'utf8' }).trim();
  git('init', '--quiet', '--initial-branch=main');
  git('remote', 'add', 'origin', 'https://github.com/example/bench');
  git('add', '--all');
  git('-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '--quiet', '--message=bench');
  return git('rev-parse', 'HEAD');
}

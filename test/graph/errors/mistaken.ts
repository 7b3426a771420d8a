import { drawDiagnostic } from '../../../src/base/diagnostic.ts';
import { FailureError } from '../../../src/base/failure.ts';
import { drawFailure } from '../../../src/cli/output/failure.ts';
import { compile, type Phase } from '../../../src/graph/compile.ts';
import type { Parameters } from '../../../src/graph/parameters/parameters.ts';
import { parameters, runGit, workTree } from '../core/work-tree.ts';

const config = 'taskcluster/config.yml';
const kind = (name: string): string => `taskcluster/kinds/${name}/kind.yml`;

/** A repository in which nothing is wrong. */
export const repository: Readonly<Record<string, string>> = {
  [config]: `trust-domain: acme
task-priority: low
index:
  products: [app]
treeherder:
  group-names: {B: Builds, I: Images, Fetch: Fetches}
workers:
  aliases:
    images: {provisioner: acme, implementation: docker-worker, os: linux, worker-type: images}
    linux: {provisioner: acme, implementation: docker-worker, os: linux, worker-type: 'linux-{level}'}
    mac: {provisioner: acme, implementation: generic-worker, os: macosx, worker-type: mac}
    win: {provisioner: acme, implementation: generic-worker, os: windows, worker-type: win}
    succeed: {provisioner: built-in, implementation: succeed, os: linux, worker-type: succeed}
taskgraph:
  repositories:
    app: {name: App}
`,
  'taskcluster/docker/base/Dockerfile': 'FROM debian:12\nVOLUME /builds/worker/checkouts\n',
  'taskcluster/docker/fetch/Dockerfile': 'FROM debian:12\nVOLUME /builds/worker/checkouts\n',
  'taskcluster/scripts/toolchain/tool.sh': 'true\n',
  [kind('docker-image')]: `transforms:
  - taskgraph.transforms.docker_image
  - taskgraph.transforms.cached_tasks
  - taskgraph.transforms.task
loader: taskgraph.loader.transform:loader
tasks:
  base: {symbol: I(base)}
  fetch: {symbol: I(fetch)}
`,
  [kind('fetch')]: `loader: taskgraph.loader.transform:loader
kind-dependencies: [docker-image]
transforms:
  - taskgraph.transforms.fetch
  - taskgraph.transforms.run
  - taskgraph.transforms.cached_tasks
  - taskgraph.transforms.task
tasks:
  zlib:
    description: the library
    fetch:
      type: static-url
      url: https://example.com/zlib.tar.gz
      sha256: ${'ab'.repeat(32)}
      size: 1234
`,
  [kind('build')]: `loader: taskgraph.loader.transform:loader
kind-dependencies: [docker-image, fetch]
transforms:
  - taskgraph.transforms.matrix
  - taskgraph.transforms.task_context
  - taskgraph.transforms.chunking
  - taskgraph.transforms.notify
  - taskgraph.transforms.run
  - taskgraph.transforms.task
task-defaults:
  worker-type: linux
  worker: {docker-image: {in-tree: base}, max-run-time: 600}
tasks:
  app:
    description: build it
    run:
      using: run-task
      command: make
    fetches:
      fetch: [zlib]
  lib:
    description: build the library
    run: {using: run-task, command: make lib}
`,
  [kind('test')]: `loader: taskgraph.loader.transform:loader
kind-dependencies: [build]
transforms:
  - taskgraph.transforms.from_deps
  - taskgraph.transforms.run
  - taskgraph.transforms.task
tasks:
  unit:
    description: test it
    from-deps: {group-by: single}
    worker-type: linux
    worker:
      docker-image: debian@sha256:${'12'.repeat(32)}
      max-run-time: 600
    run: {using: run-task, command: make test}
`,
};

/** What is changed in the repository: a text is replaced in a file, or the whole file is another; null: it is gone. */
export interface Mistake {
  readonly name: string;
  readonly changes: readonly (readonly [file: string, from: string, to: string])[];
  readonly files?: Readonly<Record<string, string | null>>;
  readonly parameters?: Partial<Parameters>;
  readonly phase?: Phase;
  readonly strict?: boolean;
  /** files are tracked by git */
  readonly tracked?: boolean;
}

/** A mistake in one of the kinds: `from` is replaced by `to`. */
export function inKind(
  of: string,
  name: string,
  from: string,
  to: string,
  more: Partial<Mistake> = {},
): Mistake {
  return { name, changes: [[kind(of), from, to]], ...more };
}

export function inConfig(name: string, from: string, to: string, more: Partial<Mistake> = {}): Mistake {
  return { name, changes: [[config, from, to]], ...more };
}

/** What a person reads when the repository is compiled with the mistake in it. */
export async function whatIsTold(mistake: Mistake): Promise<string> {
  const top = workTree(mistakenFiles(mistake));
  if (mistake.tracked === true) {
    runGit(['init', '--quiet'], top);
    runGit(['add', '--all'], top);
  }
  try {
    const { warnings, graph } = await compile(
      {
        root: 'taskcluster',
        repository: top,
        parameters: given({ ...parameters, ...mistake.parameters }),
        wrapper: { 'run-task': 'ab'.repeat(32), 'fetch-content': 'ef'.repeat(32) },
        rootUrl: 'https://tc.example.com',
        index: null,
        strict: mistake.strict ?? false,
        thorough: true,
      },
      mistake.phase ?? 'full',
    );
    return [...warnings.map(drawDiagnostic), `${graph.size} tasks`, ''].join('\n');
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return drawFailure(error.failure).replaceAll(`${top}/`, '');
  }
}

/** Without what is undefined. */
function given(all: Parameters): Parameters {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Parameters;
}

function mistakenFiles({ name, changes, files = {} }: Mistake): Record<string, string> {
  const all: Record<string, string | null> = { ...repository, ...files };
  for (const [file, from, to] of changes) {
    const before = all[file] ?? '';
    if (!before.includes(from)) throw new Error(`${name}: ${file} has no ${from}`);
    all[file] = before.replace(from, () => to);
  }
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

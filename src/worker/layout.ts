import { copyFileSync, lchownSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { requirementsName } from '../caches/requirements-file.ts';
import type { Mount, SandboxRequest } from './engines/engine.ts';
import { worker } from './engines/oci/accounts.ts';
import type { HeldCache } from './leases.ts';
import type { Work } from './payload/work.ts';

/** Where a generic-worker task starts inside the oci sandbox; with `process` it is a directory of the host. */
const taskDirectory = '/builds/task';
/** Where images have the programs that tasks start with. */
const programPlaces = ['/usr/local/bin/run-task', '/usr/local/bin/fetch-content'] as const;

export interface Layout {
  readonly mounts: readonly Mount[];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** a path of the payload as the sandbox knows it */
  inside(path: string): string;
}

/** Puts caches, fetched files and run-task where the payload and the engine expect them. */
export function layOut(given: {
  readonly engine: 'oci' | 'process' | 'docker';
  readonly work: Work;
  readonly held: readonly HeldCache[];
  readonly content: readonly Mount[];
  readonly extra: readonly Mount[];
  /** run-task and, where there is one, fetch-content */
  readonly programs: readonly (string | undefined)[];
  /** a directory of the run's own, beside the sandbox's */
  readonly folder: string;
}): Layout {
  const { engine, work, held, content, extra } = given;
  const caches = held.map(({ lease: { mount }, mountPoint }, i): Mount => {
    const target = { target: mountPoint, readOnly: false };
    if (mount.kind === 'bind') return { source: mount.source, ...target };
    const view = join(given.folder, `cache-${i}`);
    mkdirSync(view, { mode: 0o700 });
    return { source: view, layers: mount, ...target };
  });
  const requirements = held.flatMap(({ lease: { mount }, mountPoint }): Mount[] =>
    mount.kind === 'bind' || mount.requirements === undefined
      ? []
      : [{ source: mount.requirements, target: join(mountPoint, requirementsName), readOnly: true }],
  );
  if (engine === 'process') {
    const mounts = [...extra, ...caches, ...content];
    return { mounts, cwd: undefined, env: {}, inside: (path) => path };
  }
  const programs = programPlaces.flatMap((target, at) => {
    const source = given.programs[at];
    return source === undefined ? [] : [{ source, target, readOnly: true }];
  });
  if (work.implementation === 'docker-worker') {
    return {
      mounts: [...programs, ...extra, ...caches, ...requirements],
      cwd: '/builds/worker',
      // What images for run-task say; the command does not stay root.
      env: { HOME: '/builds/worker' },
      inside: (path) => posix.resolve('/builds/worker', path),
    };
  }
  const inside = (path: string): string => posix.resolve(taskDirectory, path);
  const task = join(given.folder, 'task');
  mkdirSync(task, { mode: 0o755 });
  // Mount points and files are made here, on the host, before the task can have a say.
  for (const { target } of caches) mkdirSync(join(task, target), { recursive: true });
  for (const { source, target } of content) {
    mkdirSync(dirname(join(task, target)), { recursive: true });
    copyFileSync(source, join(task, target));
  }
  giveToWorker(task);
  const mounts = [
    ...programs,
    ...extra,
    { source: task, target: taskDirectory, readOnly: false },
    ...[...caches, ...requirements].map((mount) => ({ ...mount, target: inside(mount.target) })),
  ];
  return { mounts, cwd: taskDirectory, env: { TASK_WORKDIR: taskDirectory, HOME: taskDirectory }, inside };
}

/** generic-worker gives a task's directory to the task's user; ours is the one that run-task gives the command to. */
function giveToWorker(folder: string): void {
  if (process.getuid?.() !== 0) return;
  for (const path of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
    lchownSync(join(folder, path), worker.uid, worker.gid);
}

export function requestOf(
  layout: Layout,
  work: Work,
  rest: Pick<SandboxRequest, 'id' | 'scratch' | 'network' | 'memory'> & {
    readonly env: Readonly<Record<string, string>>;
  },
): SandboxRequest {
  return {
    id: rest.id,
    scratch: rest.scratch,
    network: rest.network,
    commands: work.commands,
    env: { ...rest.env, ...layout.env, ...work.env },
    mounts: layout.mounts,
    allowPtrace: work.allowPtrace,
    ...(rest.memory === undefined ? {} : { memory: rest.memory }),
    ...(layout.cwd === undefined ? {} : { cwd: layout.cwd }),
  };
}

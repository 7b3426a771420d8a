import { existsSync, readFileSync } from 'node:fs';
import { worker } from './accounts.ts';
import { findProgram } from './host.ts';

/** A program that runs OCI containers, and how it has to be called here. */
export interface Runtime {
  readonly name: RuntimeName;
  readonly program: string;
  /** null for root; else the one id that exists in the container's user namespace, and whose it is */
  readonly users: {
    readonly inside: number;
    readonly outsideUser: number;
    readonly outsideGroup: number;
  } | null;
  /** put before a command, makes it end with its parent; empty where util-linux's setpriv is missing */
  readonly deathSignal: readonly string[];
  /** put before the runtime, hides from it what it cannot bear */
  readonly wrapper: readonly string[];
}

export type RuntimeName = 'crun' | 'runc';

export interface ContainerFiles {
  readonly id: string;
  readonly bundle: string;
  readonly state: string;
  readonly log: string;
  readonly pidFile: string;
}

/** Looks for the program only: whether it works, a trial has to show. */
export function findRuntime(name: RuntimeName): Runtime | null {
  const program = findProgram(name);
  if (program === null) return null;
  const isRoot = process.getuid?.() === 0;
  const wrapper = name === 'crun' && hasMixedCgroups() ? withoutUnifiedCgroups(isRoot) : [];
  // The wrapper's user namespace calls us root; runc insists on an id 0, crun lets us be the user that images have.
  const outside = (id: number | undefined) => (wrapper.length > 0 ? 0 : (id ?? 0));
  const users = {
    inside: name === 'crun' ? worker.uid : 0,
    outsideUser: outside(process.getuid?.()),
    outsideGroup: outside(process.getgid?.()),
  };
  const setpriv = findProgram('setpriv');
  return {
    name,
    program,
    users: isRoot ? null : users,
    deathSignal: setpriv === null ? [] : [setpriv, '--pdeathsig', 'KILL', '--'],
    wrapper,
  };
}

/** The command that runs a container in the foreground. Its state lies in scratch, so that nothing is left elsewhere. */
export function runCommand(runtime: Runtime, { id, bundle, state, log, pidFile }: ContainerFiles): string[] {
  const { name, program, deathSignal, wrapper } = runtime;
  const global = ['--root', state, '--log', log, '--log-format', 'json'];
  const options = ['--bundle', bundle, '--pid-file', pidFile];
  // The process namespace holds the container together; limits are not set.
  if (name === 'crun') global.push('--cgroup-manager=disabled');
  if (copiesOutput(runtime)) options.push('--preserve-fds', '1');
  // The death signal comes after the wrapper: entering a user namespace would clear it.
  return [...wrapper, ...deathSignal, program, ...global, 'run', ...options, id];
}

/** What the container's first process is for a command and the variables it gets. */
export function innerCommand(runtime: Runtime, command: readonly string[], env: readonly string[]): string[] {
  if (!copiesOutput(runtime)) return [...runtime.deathSignal, ...command];
  // Shells add variables and drop those with odd names; hence env.
  const intoPipe = ['sh', '-c', 'exec "$@" >&3 2>&3 3>&-', 'sh', 'env', '-i'];
  return [...runtime.deathSignal, ...intoPipe, ...env, ...command];
}

/** runc copies stdout and stderr through a pipe each, which loses their order: descriptor 3 is our pipe then. */
export function copiesOutput({ name }: Runtime): boolean {
  return name === 'runc';
}

/** Controllers in both versions of control groups at once: crun refuses such a machine, also when it is to use none. */
function hasMixedCgroups(): boolean {
  const unified = '/sys/fs/cgroup/unified/cgroup.controllers';
  return existsSync(unified) && readFileSync(unified, 'utf8').trim() !== '';
}

function withoutUnifiedCgroups(isRoot: boolean): string[] {
  const hide = 'umount /sys/fs/cgroup/unified 2>/dev/null || mount -t tmpfs none /sys/fs/cgroup/unified';
  // By their paths: a long PATH is searched for each of them, for every task.
  return [
    findProgram('unshare') ?? 'unshare',
    ...(isRoot ? [] : ['--user', '--map-root-user']),
    '--mount',
    '/bin/sh',
    '-c',
    `{ ${hide}; } && exec "$@"`,
    'sh',
  ];
}

import { existsSync, readFileSync } from 'node:fs';
import { type Cgroup, entranceOf } from '../cgroup.ts';
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
  /** both versions of control groups have controllers: crun refuses such a machine, also when it is to use none */
  readonly mixedCgroups: boolean;
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
  const mixedCgroups = name === 'crun' && hasMixedCgroups();
  // The wrapper's user namespace calls us root; runc insists on an id 0, crun lets us be the user that images have.
  const outside = (id: number | undefined) => (mixedCgroups ? 0 : (id ?? 0));
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
    mixedCgroups,
  };
}

/**
 * The command that runs a container in the foreground, in a control group. Its state lies in scratch, which has to be its
 * working directory, so that nothing is left elsewhere.
 */
export function runCommand(
  runtime: Runtime,
  { id, bundle, state, log, pidFile }: ContainerFiles,
  cgroup: Cgroup | null,
): string[] {
  const { name, program, deathSignal } = runtime;
  const global = ['--root', state, '--log', log, '--log-format', 'json'];
  const options = ['--bundle', bundle, '--pid-file', pidFile];
  // The process namespace holds the container together, and our group limits it.
  if (name === 'crun') global.push('--cgroup-manager=disabled');
  // Its groups stay, so that somebody can look at them.
  if (makesGroups(runtime)) options.push('--keep');
  if (copiesOutput(runtime)) options.push('--preserve-fds', '1');
  const command = [program, ...global, 'run', ...options, id];
  // The death signal comes last: entering a user namespace would clear it.
  return [...surroundings(runtime, cgroup, log), ...deathSignal, ...command];
}

/** runc moves the container out of our group when it can. */
export function makesGroups({ name, users }: Runtime): boolean {
  return name === 'runc' && users === null;
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

function hasMixedCgroups(): boolean {
  const unified = '/sys/fs/cgroup/unified/cgroup.controllers';
  return existsSync(unified) && readFileSync(unified, 'utf8').trim() !== '';
}

/** What is put before the runtime: enters the group and hides what crun cannot bear; what fails is told as the runtime's error. */
function surroundings({ mixedCgroups, users }: Runtime, cgroup: Cgroup | null, log: string): string[] {
  if (cgroup === null && !mixedCgroups) return [];
  const steps: string[] = [];
  if (cgroup) steps.push('echo 0 > "$0"');
  if (mixedCgroups)
    steps.push(
      '{ umount /sys/fs/cgroup/unified 2>/dev/null || mount -t tmpfs none /sys/fs/cgroup/unified; }',
    );
  const complaint = JSON.stringify({ level: 'error', msg: 'the control groups cannot be set up' });
  const script = `log=$1; shift; ${steps.join(' && ')} && exec "$@"; echo '${complaint}' > "$log"; exit 1`;
  const shell = ['/bin/sh', '-c', script, cgroup ? entranceOf(cgroup) : '-', log];
  if (!mixedCgroups) return shell;
  // By its path: a long PATH is searched for it, for every task.
  unshare ??= findProgram('unshare') ?? 'unshare';
  return [unshare, ...(users ? ['--user', '--map-root-user'] : []), '--mount', ...shell];
}
let unshare: string | undefined;

import { statSync, write as writeCallback } from 'node:fs';
import { posix } from 'node:path';
import { promisify } from 'node:util';
import type { Failure } from '../../base/failure.ts';
import { type ProcessEnd, startProcess } from '../../base/process.ts';
import { unreachable } from '../../base/result.ts';
import { type Area, translate } from './areas.ts';
import { type Cgroup, enterCgroup, killCgroup, processesIn, removeCgroup } from './cgroup.ts';
import type { Exit, Sandbox, SandboxRequest } from './engine.ts';
import { runCommands } from './execute.ts';
import { openFile, sandboxVariable, signalProcess } from './proc.ts';
import { findMembers } from './members.ts';
import { memoryKills } from './memory.ts';
import { environmentOf } from './request.ts';
import { killAll, type Population } from './stop.ts';

const write = promisify(writeCallback) as (fd: number, text: string) => Promise<unknown>;

interface Parts {
  readonly request: SandboxRequest;
  /** the task directory: absolute, without links */
  readonly task: string;
  readonly areas: readonly Area[];
  /** null where this machine lets us make none */
  readonly cgroup: Cgroup | null;
  readonly limitsMemory: boolean;
}

export function processSandbox({ request, task, areas, cgroup, limitsMemory }: Parts): Sandbox {
  const env = { ...environmentOf(request), [sandboxVariable]: request.id };
  const cwd = posix.resolve(task, request.cwd ?? '.');
  const leaders: number[] = [];
  let outputFile: string | null = null;
  // False as long as there may be processes outside of the control group: then look everywhere.
  let held = cgroup !== null;
  const inGroup = () => (cgroup ? processesIn(cgroup) : []);
  const anywhere = () => findMembers({ id: request.id, leaders, outputFile });
  const population: Population = {
    alive: () => (held ? inGroup() : [...new Set([...inGroup(), ...anywhere()])]),
    ...(cgroup ? { killAtOnce: () => killCgroup(cgroup) } : {}),
  };

  /** Moves a process that was just started, and what it started before it was stopped, into the control group. */
  async function hold(group: Cgroup, pid: number): Promise<void> {
    signalProcess(pid, 'SIGSTOP');
    try {
      for (let outside = [pid]; outside.length > 0; ) {
        const entered = await Promise.all(outside.map((other) => enterCgroup(group, other)));
        const inside = new Set(inGroup());
        const left = anywhere().filter((other) => !inside.has(other));
        if (left.length > 0 && entered.includes(false)) return;
        outside = left;
      }
      held = true;
    } finally {
      signalProcess(pid, 'SIGCONT');
    }
  }

  async function runOne(command: readonly string[], writeEnd: number): Promise<Exit> {
    outputFile = openFile('self', writeEnd);
    const failure = missingDirectory(cwd);
    if (failure) return { kind: 'engine-failed', failure };
    const child = startProcess(command, { cwd, env, stdout: writeEnd, stderr: writeEnd });
    if (child.pid !== null) {
      leaders.push(child.pid);
      held = false;
      if (cgroup) await hold(cgroup, child.pid);
    }
    const end = await child.ended;
    if (end.kind !== 'not-started') return exitOf(end);
    await write(writeEnd, `cannot run ${command[0]}: ${end.errno}\n`);
    return { kind: 'exited', code: end.errno === 'ENOENT' ? 127 : 126 };
  }

  return {
    execute: (output, signal) =>
      runCommands({
        scratch: request.scratch,
        commands: request.commands,
        runOne,
        population,
        output,
        signal,
      }),
    limitsMemory,
    memoryKills: () => (cgroup ? memoryKills(cgroup) : 0),
    hostPath: (inside) => translate(areas, posix.resolve(task, inside)),
    async [Symbol.asyncDispose]() {
      await killAll(population);
      if (cgroup) await removeCgroup(cgroup);
    },
  };
}

function missingDirectory(cwd: string): Failure | null {
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) return null;
  return { kind: 'unavailable', message: `the task's working directory is not there: ${cwd}` };
}

function exitOf(end: Exclude<ProcessEnd, { kind: 'not-started' }>): Exit {
  switch (end.kind) {
    case 'exited':
      return { kind: 'exited', code: end.code };
    case 'signalled':
      return { kind: 'signalled', signal: end.signal };
    case 'stopped':
      return { kind: 'aborted' };
    default:
      return unreachable(end);
  }
}

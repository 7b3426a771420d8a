import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Failure } from '../../../base/failure.ts';
import { isErrno } from '../../../base/files.ts';
import { type RunningProcess, startProcess } from '../../../base/process.ts';
import { translate } from '../areas.ts';
import { type Cgroup, removeCgroup, removeRuncGroups, runcGroups } from '../cgroup.ts';
import type { Exit, Sandbox, SandboxRequest } from '../engine.ts';
import { runCommands } from '../execute.ts';
import { memoryKills } from '../memory.ts';
import { sandboxVariable } from '../proc.ts';
import { defaultPath } from '../request.ts';
import { killAll } from '../stop.ts';
import { worker } from './accounts.ts';
import { containerPopulation } from './population.ts';
import type { Root } from './root.ts';
import { copiesOutput, makesGroups, runCommand, type Runtime } from './runtime.ts';
import { containerSpec } from './spec.ts';
import { layerViews } from './views.ts';

interface Parts {
  readonly request: SandboxRequest;
  readonly runtime: Runtime;
  readonly root: Root;
  readonly hidden: readonly string[];
  /** holds runtime and container; null where this machine lets us make none, or the runtime makes its own */
  readonly cgroup: Cgroup | null;
  readonly limitsMemory: boolean;
}

/** State of the container runtime, below scratch. */
export const stateDirectory = 'state';

/** One container for each command, one after another, on the same root file system. */
export function ociSandbox({ request, runtime, root, hidden, cgroup, limitsMemory }: Parts): Sandbox {
  const { scratch, id } = request;
  const files = {
    id,
    bundle: scratch,
    state: join(scratch, stateDirectory),
    log: join(scratch, 'runtime.log'),
    pidFile: join(scratch, 'container.pid'),
  };
  let running: RunningProcess | null = null;
  let kills = 0;
  const views = layerViews(request.mounts);
  const population = containerPopulation(files.pidFile, () => running?.pid ?? null);

  async function runOne(command: readonly string[], writeEnd: number): Promise<Exit> {
    for (const leftover of [files.log, files.pidFile]) rmSync(leftover, { force: true });
    views.allowMount();
    const spec = containerSpec(request, root, hidden, runtime, command);
    writeFileSync(join(files.bundle, 'config.json'), JSON.stringify(spec), { mode: 0o600 });
    running = startProcess(runCommand(runtime, files, cgroup), {
      cwd: scratch,
      env: {
        PATH: process.env['PATH'] ?? defaultPath,
        // Where crun puts a copy of itself, which stays behind when it is killed; else /tmp.
        _LIBCONTAINER_STATEDIR: scratch,
        [sandboxVariable]: id,
      },
      stdout: writeEnd,
      stderr: writeEnd,
      inherit: copiesOutput(runtime) ? [writeEnd] : [],
    });
    const end = await running.ended;
    running = null;
    if (makesGroups(runtime)) forgetContainer();
    if (end.kind === 'exited' && end.code === 0) return { kind: 'exited', code: 0 };
    const complaint = lastError(files.log);
    if (complaint !== null) return failed(`${runtime.name} could not run the container: ${complaint}`);
    if (end.kind === 'exited') return { kind: 'exited', code: end.code };
    if (end.kind === 'not-started') return failed(`cannot start ${runtime.program}: ${end.errno}`);
    return failed(`${runtime.name} was killed`);
  }

  /** What runc was told to keep: groups, and the container's name, which the next command gets. */
  function forgetContainer(): void {
    for (const group of runcGroups(id)) kills += memoryKills(group);
    removeRuncGroups(id);
    rmSync(join(files.state, id), { recursive: true, force: true });
  }

  return {
    execute: (output, signal) =>
      runCommands({ scratch, commands: request.commands, runOne, population, output, signal }),
    limitsMemory,
    memoryKills: () => kills + (cgroup ? memoryKills(cgroup) : 0),
    hostPath(inside) {
      const place = translate(root.areas, posix.resolve(request.cwd ?? worker.home, inside));
      if (place !== null) views.show(place.trusted);
      return place;
    },
    async [Symbol.asyncDispose]() {
      await killAll(population);
      views.hide();
      if (cgroup) await removeCgroup(cgroup);
    },
  };
}

function failed(message: string): Exit {
  const failure: Failure = { kind: 'unavailable', message };
  return { kind: 'engine-failed', failure };
}

/** The last error that the runtime logged; the task's own output never goes there. */
function lastError(log: string): string | null {
  let text: string;
  try {
    text = readFileSync(log, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
  for (const line of text.split('\n').reverse()) {
    const message = errorIn(line);
    if (message !== null) return message;
  }
  return null;
}

function errorIn(line: string): string | null {
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
    return level === 'error' && typeof msg === 'string' ? msg : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

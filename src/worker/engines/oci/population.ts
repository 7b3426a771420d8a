import { readFileSync } from 'node:fs';
import { isErrno } from '../../../base/files.ts';
import { findProcesses, pidNamespace, processStat } from '../proc.ts';
import type { Population } from '../stop.ts';

interface Init {
  readonly pid: number;
  readonly startTime: string;
  readonly namespace: string;
}

/**
 * The processes of a container: all in the process namespace of its first one, which none can leave, and which
 * ends with it. Until that is known, the runtime itself.
 */
export function containerPopulation(pidFile: string, runtimePid: () => number | null): Population {
  let init: Init | null = null;
  return {
    alive() {
      init = stillThere(init) ?? readInit(pidFile);
      if (init !== null) {
        const { namespace } = init;
        return findProcesses((pid) => pidNamespace(pid) === namespace && processStat(pid)?.ended === false);
      }
      const runtime = runtimePid();
      return runtime !== null && processStat(runtime)?.ended === false ? [runtime] : [];
    },
  };
}

function stillThere(init: Init | null): Init | null {
  return init !== null && processStat(init.pid)?.startTime === init.startTime ? init : null;
}

function readInit(pidFile: string): Init | null {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile, 'utf8').trim());
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
  if (!Number.isInteger(pid) || pid <= 1) return null;
  const startTime = processStat(pid)?.startTime;
  const namespace = pidNamespace(pid);
  if (startTime === undefined || namespace === null || namespace === pidNamespace('self')) return null;
  return { pid, startTime, namespace };
}

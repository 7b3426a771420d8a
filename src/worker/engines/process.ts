import { chmodSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, isAbsolute, join, posix } from 'node:path';
import { fail } from '../../base/failure.ts';
import { ok } from '../../base/result.ts';
import { type Area, liesIn } from './areas.ts';
import { createCgroup } from './cgroup.ts';
import type { Engine, Mount, SandboxRequest } from './engine.ts';
import { limitMemory } from './memory.ts';
import { processSandbox } from './process-sandbox.ts';
import { writeSandboxRecord } from './record.ts';
import { checkRequest } from './request.ts';

/**
 * Runs commands as the worker's own user, on its own file system: no sandbox. For trusted tasks on machines of
 * their own, and where nothing better is there. What it cannot do:
 * - A task can read and write whatever the worker can, other tasks' directories included.
 * - A mount is a symbolic link in the task directory; read-only is a promise, and a task can replace the link (what it
 *   then writes is lost, nothing else is harmed: the worker knows the source and never follows the link).
 * - Absolute mount targets exist only where source and target are the same; `network: none` is refused.
 * - Its processes are held together by a control group where one can be made, from the moment after their start. Elsewhere,
 *   and for what was started in that moment, they are known by the variable CAISSON_SANDBOX in their environment (which the
 *   engine adds), their session, their output and their parents: a process that did away with all of these is not found.
 */
export function processEngine(): Engine {
  return {
    name: 'process',
    available: () => Promise.resolve(ok(undefined)),
    async prepare(request) {
      checkRequest(request);
      if (request.network === 'none') {
        fail(
          'unavailable',
          'the process engine cannot take the network away from a task',
          'use the oci engine',
        );
      }
      const task = join(realpathSync(request.scratch), 'task');
      const areas = placeMounts(request, task);
      const cgroup = createCgroup(request.id);
      const limitsMemory = limitMemory(cgroup, request.memory);
      writeSandboxRecord(request.scratch, { id: request.id, ...(cgroup ? { cgroup: cgroup.path } : {}) });
      return processSandbox({ request, task, areas, cgroup, limitsMemory });
    },
  };
}

function placeMounts({ mounts }: SandboxRequest, task: string): Area[] {
  mkdirSync(task);
  chmodSync(task, 0o755);
  const areas: Area[] = [{ inside: task, host: task }];
  const placed: string[] = [];
  for (const mount of mounts) {
    if (mount.layers) throw new Error('the process engine mounts no layers: leases for it are direct');
    const target = placeOf(mount, task);
    if (placed.some((other) => liesIn(target, other) || liesIn(other, target))) {
      fail(
        'unavailable',
        `the process engine cannot mount one thing inside another: ${mount.target}`,
        useOci,
      );
    }
    if (target !== mount.source) {
      mkdirSync(dirname(target), { recursive: true });
      symlinkSync(mount.source, target);
    }
    placed.push(target);
    areas.push({ inside: target, host: mount.readOnly ? null : mount.source });
  }
  return areas;
}

/** Where a mount's link lies: below the task directory, or the source itself. */
function placeOf({ source, target }: Mount, task: string): string {
  const place = posix.resolve(task, target);
  const possible = isAbsolute(target) ? place === source : liesIn(place, task) && place !== task;
  if (!possible) fail('unavailable', `the process engine cannot mount anything at ${target}`, useOci);
  return place;
}

const useOci = 'use the oci engine, or a path relative to the task directory';

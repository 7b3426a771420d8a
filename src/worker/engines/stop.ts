import { setTimeout as sleep } from 'node:timers/promises';
import { signalProcess } from './proc.ts';

/** How an engine finds what has to end. */
export interface Population {
  /** ids of the sandbox's processes that still run */
  alive(): number[];
  /** kills many of them at once, where the engine can */
  killAtOnce?(): void;
}

/** Between SIGTERM and SIGKILL, in milliseconds. */
export const grace = 3000;
/** A process that SIGKILL does not end in this time hangs in the kernel. */
const patience = 10_000;

/** SIGTERM to every process; returns when all have ended or the grace period is over. */
export async function terminate(population: Population): Promise<void> {
  for (const pid of population.alive()) signalProcess(pid, 'SIGTERM');
  await waitUntilEmpty(population, grace);
}

/** SIGKILL until nothing is left, including what is started meanwhile; false when something cannot be killed. */
export async function killAll(population: Population): Promise<boolean> {
  const until = performance.now() + patience;
  for (let pids = population.alive(); pids.length > 0; pids = population.alive()) {
    if (performance.now() > until) return false;
    population.killAtOnce?.();
    for (const pid of pids) signalProcess(pid, 'SIGKILL');
    await waitUntilEmpty(population, 100);
  }
  return true;
}

async function waitUntilEmpty(population: Population, milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  for (
    let pause = 2;
    population.alive().length > 0 && performance.now() < until;
    pause = Math.min(50, pause * 2)
  ) {
    await sleep(pause);
  }
}

import type { Libc } from './libc.ts';

/** Processes that we started ourselves: the runtime collects them, and needs how they ended. */
const own = new Set<number>();

/** How often orphans are looked for besides: one that ended behind a child of our own was hidden by it. */
const interval = 250;

/** From now on the runtime alone collects this process; answers what to call when it has. */
export function keepFromReaper(pid: number | undefined): () => void {
  if (pid === undefined) return () => undefined;
  own.add(pid);
  return () => void own.delete(pid);
}

/** As process 1 we are every orphan's parent: collects those that end, until we do. */
export function reapOrphans(libc: Libc): void {
  const reap = () => {
    for (let pid = libc.endedChild(); pid !== null && !own.has(pid); pid = libc.endedChild()) {
      libc.collect(pid);
    }
  };
  process.on('SIGCHLD', reap);
  setInterval(reap, interval).unref();
}

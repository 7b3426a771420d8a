import type { GraphTask } from '../../graph/task-graph.ts';

interface Treeherder {
  readonly symbol?: unknown;
  readonly machine?: { readonly platform?: unknown };
  readonly [key: string]: unknown;
}

/** `runnable-jobs.json`: what Treeherder shows of the tasks that can be added, by label. */
export function runnableJobs(full: ReadonlyMap<string, GraphTask>): Record<string, unknown> {
  const jobs: [string, unknown][] = [];
  for (const [label, { task }] of full) {
    const { treeherder } = (task.extra ?? {}) as { readonly treeherder?: Treeherder };
    if (treeherder === undefined) continue;
    const platform = treeherder.machine?.platform;
    const group = ['groupName', 'groupSymbol', 'collection'].filter((key) => key in treeherder);
    jobs.push([
      label,
      {
        symbol: treeherder.symbol,
        ...Object.fromEntries(group.map((key) => [key, treeherder[key]])),
        ...(platform ? { platform } : {}),
      },
    ]);
  }
  return Object.fromEntries(jobs);
}

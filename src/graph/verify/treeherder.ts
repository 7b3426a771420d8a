import type { GraphTask } from '../task-graph.ts';
import type { Verification } from './verify.ts';

interface Treeherder {
  readonly collection?: Readonly<Record<string, unknown>>;
  readonly machine?: { readonly platform?: string };
  readonly groupSymbol?: string;
  readonly symbol?: string;
  readonly tier?: number;
}

/** One place on Treeherder for each task, and no dependency on a task of a less watched tier. */
export const verifyTreeherder: Verification = (tasks, { report }) => {
  const places = new Map<string, string>();
  for (const task of tasks.values()) {
    const { label } = task;
    const shown = treeherderOf(task);
    if (shown === null) continue;
    const collections = Object.keys(shown.collection ?? {}).sort();
    if (collections.length !== 1) {
      report({
        severity: 'error',
        message: `the task is in ${collections.length} treeherder collections`,
        label,
        path: ['treeherder'],
      });
      continue;
    }
    const symbol =
      shown.groupSymbol === undefined || shown.groupSymbol === '?'
        ? shown.symbol
        : `${shown.groupSymbol}(${shown.symbol})`;
    const place = `${shown.machine?.platform}/${collections[0]} ${symbol}`;
    const other = places.get(place);
    if (other !== undefined)
      report({
        severity: 'error',
        message: `the treeherder place ${place} is that of ${other} too`,
        label,
        path: ['treeherder', 'symbol'],
      });
    places.set(place, label);
  }
  for (const task of tasks.values()) {
    const tier = tierOf(task);
    for (const [name, dependency] of Object.entries(task.dependencies)) {
      const needed = tasks.get(dependency);
      if (
        needed === undefined ||
        needed.task['workerType'] === 'always-optimized' ||
        needed.kind.includes('dummy')
      )
        continue;
      if (tier >= tierOf(needed)) continue;
      const message = `a task of tier ${tier} depends on ${dependency} of tier ${tierOf(needed)}`;
      report({
        severity: 'error',
        message: message.replace(/Infinity/g, 'unknown'),
        label: task.label,
        path: ['dependencies', name],
      });
    }
  }
};

function treeherderOf({ task }: GraphTask): Treeherder | null {
  const extra = task['extra'] as { readonly treeherder?: Treeherder } | undefined;
  return extra?.treeherder ?? null;
}

function tierOf(task: GraphTask): number {
  return treeherderOf(task)?.tier ?? Number.POSITIVE_INFINITY;
}

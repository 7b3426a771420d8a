import { describeChange } from '../../caches/name.ts';
import type { CacheComparison, ChangedCache } from '../graph/cache-comparison.ts';

export interface ComparedRevision {
  readonly revision: string;
  readonly name: string;
}

/** What becomes of caches from one revision to another, as a person reads it. */
export function drawComparison(
  compared: CacheComparison & { readonly before: ComparedRevision; readonly after: ComparedRevision },
): string {
  const { before, after, changed, added, gone, unchanged } = compared;
  const cold = changed.filter((cache) => cache.cold);
  const switched = changed.filter((cache) => !cache.cold);
  const lines = [`${drawRevision(before)} → ${drawRevision(after)}`];
  if (cold.length > 0) lines.push('', `${caches(cold.length)} would be cold:`, ...cold.flatMap(drawChanged));
  if (switched.length > 0) {
    lines.push('', `${caches(switched.length)} given up for one that other tasks had already:`);
    lines.push(...switched.flatMap(drawChanged));
  }
  if (added.length > 0) lines.push('', `${caches(added.length)} more, empty at first:`);
  for (const { name, tasks } of added) lines.push(`  ${name}`, `    ${drawTasks(tasks)}`);
  if (gone.length > 0) lines.push('', `${caches(gone.length)} not used any more:`);
  for (const { name, tasks } of gone) lines.push(`  ${name}`, `    ${drawTasks(tasks)}`);
  const rest = unchanged === 1 ? '1 cache keeps its name' : `${unchanged} caches keep their names`;
  return `${[...lines, '', rest].join('\n')}\n`;
}

function drawRevision({ revision, name }: ComparedRevision): string {
  const short = revision.slice(0, 12);
  return revision.startsWith(name) ? short : `${name} (${short})`;
}

function drawChanged({ before, after, changes, tasks }: ChangedCache): string[] {
  return [
    before === after ? `  ${before}` : `  ${before} → ${after}`,
    ...changes.map((change) => `    ${describeChange(change)}`),
    `    ${drawTasks(tasks)}`,
  ];
}

const mostLabels = 8;

function drawTasks(labels: readonly string[]): string {
  const shown = labels.slice(0, mostLabels).join(', ');
  const more = labels.length > mostLabels ? `, and ${labels.length - mostLabels} more` : '';
  return `${labels.length === 1 ? '1 task' : `${labels.length} tasks`}: ${shown}${more}`;
}

function caches(count: number): string {
  return count === 1 ? '1 cache' : `${count} caches`;
}

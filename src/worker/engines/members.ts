import { findProcesses, isMarked, openFile, processStat } from './proc.ts';

/** By what the processes of a sandbox are told from others when no control group holds them. */
export interface Marks {
  readonly id: string;
  /** processes that we started: each leads a session */
  readonly leaders: readonly number[];
  /** identity of the output pipe; null before the first command */
  readonly outputFile: string | null;
}

const kernelThreads = 2;

/** Processes that bear one of the marks, and the children of all of them. */
export function findMembers(marks: Marks): number[] {
  const stats = new Map(findProcesses(() => true).map((pid) => [pid, processStat(pid)]));
  const members = new Set<number>();
  for (const [pid, stat] of stats) {
    if (stat === null || stat.parent === kernelThreads) continue;
    if (marks.leaders.includes(stat.session) || isOurs(pid, marks)) members.add(pid);
  }
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const [pid, stat] of stats) if (stat && members.has(stat.parent)) members.add(pid);
  }
  return [...members].filter((pid) => stats.get(pid)?.ended === false);
}

function isOurs(pid: number, { id, outputFile }: Marks): boolean {
  if (isMarked(pid, id)) return true;
  return outputFile !== null && [1, 2].some((descriptor) => openFile(pid, descriptor) === outputFile);
}
